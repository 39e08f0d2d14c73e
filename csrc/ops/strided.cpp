#include "ops/strided.hpp"

#include <algorithm>
#include <utility>

#include "core/check.hpp"

namespace juanji {

StridedView::StridedView(const std::string& op, Shape sizes, std::vector<int64_t> steps, int64_t first)
    : shape(std::move(sizes)),
      strides(std::move(steps)),
      offset(first) {
  if (shape.size() == strides.size()) return;
  fail(op, "there is not one stride for each dimension", to_text(shape.size()) + " strides", "strides", strides, "");
}

void StridedView::check_inside(const std::string& op, int64_t elements) const {
  if (element_count(shape) == 0) return;
  // Strides may be absurd: nothing here may overflow.
  const int64_t limit = std::max<int64_t>(elements, 1);
  int64_t low = offset, high = offset;
  bool inside = offset >= 0 && offset < elements;
  for (size_t i = 0; i < shape.size() && inside; ++i) {
    if (shape[i] == 1) continue;
    const int64_t longest = limit / (shape[i] - 1);
    inside = strides[i] >= -longest && strides[i] <= longest;
    if (!inside) break;
    (strides[i] < 0 ? low : high) += (shape[i] - 1) * strides[i];
    inside = low >= 0 && high < elements;
  }
  if (inside) return;
  fail(op, "the view reaches beyond the array", "elements 0 to " + to_text(elements - 1), "strides", strides,
       "The view has shape " + to_text(shape) + " and begins at element " + to_text(offset) + ".");
}

std::vector<StridedDimension> merged_dimensions(const StridedView& view) {
  std::vector<StridedDimension> merged;
  for (size_t i = 0; i < view.shape.size(); ++i) {
    if (view.shape[i] == 1) continue;
    if (!merged.empty() && merged.back().stride == view.strides[i] * view.shape[i]) {
      merged.back() = {merged.back().size * view.shape[i], view.strides[i]};
    } else {
      merged.push_back({view.shape[i], view.strides[i]});
    }
  }
  return merged;
}

}  // namespace juanji
