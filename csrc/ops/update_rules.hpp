// Further optimizers in the form of ops/update.hpp: one pass over all variables of a model.
#pragma once

#include "ops/update.hpp"

namespace juanji {

// Adagrad (Duchi, Hazan and Singer, 2011). State: a. Scalars: learning rate.
struct AdagradUpdate : Update {
  double epsilon;

  explicit AdagradUpdate(double epsilon) : epsilon(epsilon) {}
  std::string name() const override { return "adagrad_update"; }

 protected:
  size_t state_count() const override { return 1; }
  size_t scalar_count() const override { return 1; }
  double cost() const override { return 0.8; }
  void update(const Range& range, const double* scalars) const override;
};

// Adadelta (Zeiler, 2012). State: a (squares of gradients), d (squares of steps). Scalars: learning rate.
struct AdadeltaUpdate : Update {
  double rho, epsilon;

  AdadeltaUpdate(double rho, double epsilon);
  std::string name() const override { return "adadelta_update"; }

 protected:
  size_t state_count() const override { return 2; }
  size_t scalar_count() const override { return 1; }
  double cost() const override { return 1.2; }
  void update(const Range& range, const double* scalars) const override;
};

// Adamax (Kingma and Ba, 2014, section 7.1). State: m, u. Scalars: learning rate, step (from 1).
struct AdamaxUpdate : Update {
  double beta_1, beta_2, epsilon;

  AdamaxUpdate(double beta_1, double beta_2, double epsilon);
  std::string name() const override { return "adamax_update"; }

 protected:
  size_t state_count() const override { return 2; }
  size_t scalar_count() const override { return 2; }
  double cost() const override { return 1.0; }
  void update(const Range& range, const double* scalars) const override;
};

// Nadam (Dozat, 2015) with the momentum schedule mu_t = beta_1 (1 - 0.96^t / 2).
// State: m, v. Scalars: learning rate, step (from 1), product of mu up to this step.
struct NadamUpdate : Update {
  double beta_1, beta_2, epsilon;

  NadamUpdate(double beta_1, double beta_2, double epsilon);
  std::string name() const override { return "nadam_update"; }

 protected:
  size_t state_count() const override { return 2; }
  size_t scalar_count() const override { return 3; }
  double cost() const override { return 1.0; }
  void update(const Range& range, const double* scalars) const override;
};

// Lion (Chen et al., 2023). State: m. Scalars: learning rate.
struct LionUpdate : Update {
  double beta_1, beta_2;

  LionUpdate(double beta_1, double beta_2);
  std::string name() const override { return "lion_update"; }

 protected:
  size_t state_count() const override { return 1; }
  size_t scalar_count() const override { return 1; }
  double cost() const override { return 0.6; }
  void update(const Range& range, const double* scalars) const override;
};

// FTRL-Proximal (McMahan et al., 2013). State: a (sums of squares), z. Scalars: learning rate.
struct FtrlUpdate : Update {
  double learning_rate_power, l1, l2, l2_shrinkage, beta;

  FtrlUpdate(double learning_rate_power, double l1, double l2, double l2_shrinkage, double beta);
  std::string name() const override { return "ftrl_update"; }

 protected:
  size_t state_count() const override { return 2; }
  size_t scalar_count() const override { return 1; }
  double cost() const override { return 2.0; }
  void update(const Range& range, const double* scalars) const override;
};

// Schedule-free AdamW (Defazio et al., 2024): the variable is between z and the average of all z.
// State: z (the variable's value at first), v. Scalars: learning rate, step (from 1).
struct ScheduleFreeUpdate : Update {
  double beta_1, beta_2, epsilon;

  ScheduleFreeUpdate(double beta_1, double beta_2, double epsilon);
  std::string name() const override { return "schedule_free_update"; }

 protected:
  size_t state_count() const override { return 2; }
  size_t scalar_count() const override { return 2; }
  double cost() const override { return 1.2; }
  void update(const Range& range, const double* scalars) const override;
};

// w = keep w + add x: moving averages, sums of gradients, weight decay. In the place of gradients: x. Scalars: keep,
// add.
struct BlendUpdate : Update {
  std::string name() const override { return "blend_update"; }

 protected:
  size_t state_count() const override { return 0; }
  size_t scalar_count() const override { return 2; }
  double cost() const override { return 0.5; }
  void update(const Range& range, const double* scalars) const override;
};

}  // namespace juanji
