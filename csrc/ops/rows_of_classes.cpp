#include "ops/rows_of_classes.hpp"

#include "core/check.hpp"

namespace juanji {

void check_rows_of_classes(const Operation& op, const TensorSpec& input, const char* name) {
  check_float(op, input, name);
  if (input.rank() >= 1 && input.shape.back() >= 1) return;
  fail(op.name(), std::string(name) + " has no classes", "rank 1 or more and a last axis of at least 1",
       std::string(name) + ".shape", input.shape, "The last axis holds the classes.");
}

void check_like(const Operation& op, const TensorSpec& a, const char* a_name, const TensorSpec& b, const char* b_name) {
  check_same_dtype(op, a, a_name, b, b_name);
  check_shape(op, b, b_name, a.shape);
}

void check_label_shape(const Operation& op, const TensorSpec& x, const TensorSpec& labels) {
  if (labels.dtype != DType::int64) {
    fail<DTypeError>(op.name(), "unsupported dtype of labels", "int64", "labels.dtype", dtype_name(labels.dtype),
                     "Convert them with astype('int64').");
  }
  check_shape(op, labels, "labels", shape_of_rows(x.shape));
}

void check_label_values(const std::string& op, const Tensor& labels, int64_t classes) {
  const int64_t* label = labels.as<int64_t>();
  const int64_t n = labels.size();
  for (int64_t row = 0; row < n; ++row) {
    if (label[row] >= 0 && label[row] < classes) continue;
    fail(op, "label in row " + to_text(row) + " is not a class number", "0 to " + to_text(classes - 1), "label",
         label[row], "Number the classes from 0, or give the last layer more units.");
  }
}

}  // namespace juanji
