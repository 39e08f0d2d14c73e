// Optimizers: one step of all variables of a model in one pass over memory.
//
// Inputs of each: every parameter, then every gradient, then every variable's first state array, then the second ...,
// and last a float64 array of what changes between steps (learning rate, step number), so that one operation object
// serves the whole training. Parameters and state are overwritten; there are no outputs. All elements of all variables
// are cut into fixed ranges, so that many small variables cost little more than one large one.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// Throws unless value is from 0 to 1; 1 itself only where it is allowed.
void check_share(const char* op, const char* name, double value, bool allow_one);

struct Update : Operation {
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  std::vector<size_t> updated_inputs(size_t input_count) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;

 protected:
  // Elements begin .. end-1 of one variable; arrays = {w, dw, state...}.
  struct Range {
    const Tensor* const* arrays;
    int64_t begin, end;

    template <class T>
    T* at(size_t array) const {
      return arrays[array]->as<T>() + begin;
    }
    int64_t size() const { return end - begin; }
  };

  virtual size_t state_count() const = 0;   // arrays of state per variable
  virtual size_t scalar_count() const = 0;  // length of the last input
  virtual double cost() const = 0;          // nanoseconds an element
  virtual void update(const Range& range, const double* scalars) const = 0;

 private:
  size_t variable_count(size_t input_count) const { return (input_count - 1) / (2 + state_count()); }
};

// Stochastic gradient descent, with momentum (state: m) or without. Scalars: learning rate.
struct SgdUpdate : Update {
  double momentum;
  bool nesterov;

  SgdUpdate(double momentum, bool nesterov);
  std::string name() const override { return "sgd_update"; }

 protected:
  size_t state_count() const override { return momentum != 0 ? 1 : 0; }
  size_t scalar_count() const override { return 1; }
  double cost() const override { return 0.5; }
  void update(const Range& range, const double* scalars) const override;
};

// RMSprop (Hinton, Coursera lecture 6e, 2012). State: v, then m with momentum, then g when centered.
// Scalars: learning rate.
struct RmspropUpdate : Update {
  double rho, momentum, epsilon;
  bool centered;

  RmspropUpdate(double rho, double momentum, double epsilon, bool centered);
  std::string name() const override { return "rmsprop_update"; }

 protected:
  size_t state_count() const override { return 1 + (momentum > 0 ? 1 : 0) + (centered ? 1 : 0); }
  size_t scalar_count() const override { return 1; }
  double cost() const override { return 0.8; }
  void update(const Range& range, const double* scalars) const override;
};

// Adam (Kingma and Ba, 2014, section 2: the form with alpha_t), with AMSGrad (Reddi et al., 2018).
// State: m, v, then vhat with AMSGrad. Scalars: learning rate, step (from 1).
struct AdamUpdate : Update {
  double beta_1, beta_2, epsilon;
  bool amsgrad;

  AdamUpdate(double beta_1, double beta_2, double epsilon, bool amsgrad);
  std::string name() const override { return "adam_update"; }

 protected:
  size_t state_count() const override { return amsgrad ? 3 : 2; }
  size_t scalar_count() const override { return 2; }
  double cost() const override { return 1.0; }
  void update(const Range& range, const double* scalars) const override;
};

}  // namespace juanji
