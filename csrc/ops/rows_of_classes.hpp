// What softmax and the losses share: the last axis holds the classes, all others are rows.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// Rows of a task, so that it has about 4096 elements; a function of the shape alone.
inline int64_t row_grain(int64_t classes) { return classes < 4096 ? 4096 / (classes < 1 ? 1 : classes) : 1; }

// The shape without its last axis: one value per row.
inline Shape shape_of_rows(const Shape& shape) { return Shape(shape.begin(), shape.end() - 1); }

// Floats of rank 1 or more whose last axis is not empty.
void check_rows_of_classes(const Operation& op, const TensorSpec& input, const char* name);

// The same type and shape as `a`.
void check_like(const Operation& op, const TensorSpec& a, const char* a_name, const TensorSpec& b, const char* b_name);

// One label per row of x: int64, shape of x without its last axis.
void check_label_shape(const Operation& op, const TensorSpec& x, const TensorSpec& labels);

// Throws unless every label is a class number, naming the first wrong one and its row.
void check_label_values(const std::string& op, const Tensor& labels, int64_t classes);

}  // namespace juanji
