#include "core/cpu_limits.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace juanji {
namespace {

namespace fs = std::filesystem;

// A file system root that holds only what cgroup_cpu_quota reads.
class CpuQuota : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "juanji-cgroup-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    const fs::path file = root_ / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  void v1(const std::string& folder, const std::string& quota, const std::string& period) {
    write("sys/fs/cgroup/" + folder + "/cpu.cfs_quota_us", quota + "\n");
    write("sys/fs/cgroup/" + folder + "/cpu.cfs_period_us", period + "\n");
  }
  int quota() const { return cgroup_cpu_quota(root_.string()); }

 private:
  fs::path root_;
};

TEST_F(CpuQuota, NoneWithoutCgroups) { EXPECT_EQ(quota(), 0); }

TEST_F(CpuQuota, Version2) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2);
}

TEST_F(CpuQuota, Version2WithoutLimit) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), 0);
}

TEST_F(CpuQuota, FractionsRoundUp) {
  write("proc/self/cgroup", "0::/app\n");
  write("sys/fs/cgroup/app/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota(), 2);
  write("sys/fs/cgroup/app/cpu.max", "1000 100000\n");
  EXPECT_EQ(quota(), 1);
  write("sys/fs/cgroup/app/cpu.max", "300000 100000\n");
  EXPECT_EQ(quota(), 3);
}

TEST_F(CpuQuota, TheTightestAncestorCounts) {
  write("proc/self/cgroup", "0::/slice/pod/app\n");
  write("sys/fs/cgroup/slice/pod/app/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/slice/pod/cpu.max", "400000 100000\n");
  write("sys/fs/cgroup/slice/cpu.max", "250000 100000\n");
  EXPECT_EQ(quota(), 3);
}

TEST_F(CpuQuota, Version1) {
  write("proc/self/cgroup", "5:memory:/docker/a\n4:cpu,cpuacct:/docker/a\n");
  v1("cpu,cpuacct/docker/a", "350000", "100000");
  EXPECT_EQ(quota(), 4);
}

TEST_F(CpuQuota, Version1WithoutLimit) {
  write("proc/self/cgroup", "4:cpu:/\n");
  v1("cpu", "-1", "100000");
  EXPECT_EQ(quota(), 0);
}

TEST_F(CpuQuota, Version1Ancestor) {
  write("proc/self/cgroup", "4:cpu:/kube/pod/app\n");
  v1("cpu/kube/pod/app", "-1", "100000");
  v1("cpu/kube/pod", "50000", "100000");
  EXPECT_EQ(quota(), 1);
}

// cpuset is another controller whose name begins alike.
TEST_F(CpuQuota, OtherControllersDoNotCount) {
  write("proc/self/cgroup", "3:cpuset:/a\n2:memory:/a\n");
  v1("cpu/a", "100000", "100000");
  EXPECT_EQ(quota(), 0);
}

TEST_F(CpuQuota, HybridTakesTheSmaller) {
  write("proc/self/cgroup", "4:cpu:/a\n0::/b\n");
  v1("cpu/a", "800000", "100000");
  write("sys/fs/cgroup/b/cpu.max", "600000 100000\n");
  EXPECT_EQ(quota(), 6);
}

TEST_F(CpuQuota, MalformedFilesAreIgnored) {
  write("proc/self/cgroup", "nonsense\n:\n0::/a\n0::relative\n");
  for (const char* text : {"", "max", "abc def", "100000", "100000 0", "-5 100000", "100000 -1"}) {
    write("sys/fs/cgroup/a/cpu.max", text);
    EXPECT_EQ(quota(), 0) << text;
  }
}

// Environment of one test, restored afterwards.
class ThreadLimits : public testing::Test {
 protected:
  void SetUp() override {
    unsetenv("JUANJI_NUM_THREADS");
    unsetenv("OMP_NUM_THREADS");
    available_ = default_thread_limit().threads;
  }
  void TearDown() override { SetUp(); }
  int available_ = 0;
};

TEST_F(ThreadLimits, OurOwnVariableDecides) {
  setenv("JUANJI_NUM_THREADS", "7", 1);
  setenv("OMP_NUM_THREADS", "1", 1);
  EXPECT_EQ(default_thread_limit().threads, 7);
  EXPECT_EQ(default_thread_limit().reason, "JUANJI_NUM_THREADS");
}

TEST_F(ThreadLimits, OpenMpVariableOnlyLowers) {
  setenv("OMP_NUM_THREADS", "1", 1);
  EXPECT_EQ(default_thread_limit().threads, 1);
  setenv("OMP_NUM_THREADS", "100000", 1);
  EXPECT_EQ(default_thread_limit().threads, available_);
}

TEST_F(ThreadLimits, OpenMpListCountsItsFirstEntry) {
  setenv("OMP_NUM_THREADS", "1,4", 1);
  EXPECT_EQ(default_thread_limit().threads, 1);
}

TEST_F(ThreadLimits, NonsenseForOpenMPIsIgnored) {
  for (const char* text : {"", "0", "-3", "many", "99999999999999999999"}) {
    setenv("OMP_NUM_THREADS", text, 1);
    EXPECT_EQ(default_thread_limit().threads, available_) << text;
    EXPECT_GE(available_, 1);
  }
}

TEST_F(ThreadLimits, NonsenseInOurOwnVariableIsRefused) {
  for (const char* text : {"0", "-3", "many", "3 ", "1025", "99999999999999999999"}) {
    setenv("JUANJI_NUM_THREADS", text, 1);
    EXPECT_THROW(default_thread_limit(), std::invalid_argument) << text;
  }
  setenv("JUANJI_NUM_THREADS", "", 1);
  EXPECT_EQ(default_thread_limit().threads, available_);
}

}  // namespace
}  // namespace juanji
