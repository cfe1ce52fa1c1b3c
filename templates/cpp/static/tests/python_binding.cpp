// SPDX-License-Identifier: Apache-2.0
/// @file
/// A Python module of this bundle, for tests: `Model().run([...])` on the code that ships.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "golden_vectors.h"

namespace py = pybind11;

namespace {

using golden::kBundle;
using golden::Tensor;

/// Memory for one handle, so that several models can be open at once.
struct alignas(ECU_ARENA_ALIGNMENT) Block {
  std::array<unsigned char, ECU_ARENA_ALIGNMENT> bytes;
};

class Model {
 public:
  Model() : arena_((kBundle.arena_size + sizeof(Block) - 1U) / sizeof(Block)) {
    check(ecu_model_open(&model_, kBundle.image, kBundle.image_size, arena_.data(),
                         arena_.size() * sizeof(Block)),
          "open");
  }
  ~Model() { ecu_model_close(&model_); }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  /// Takes one array of shape (rows, elements) per input, float32 or int32, in interface order.
  /// Returns one per output. Raises ValueError for other shapes, RuntimeError with row and status.
  std::vector<py::array> run(const std::vector<py::array>& inputs) {
    const py::ssize_t rows = check_inputs(inputs);
    std::vector<py::array> outputs;
    for (std::uint32_t i = 0U; i < kBundle.output_count; ++i) {
      const Tensor& tensor = kBundle.outputs[i];
      outputs.emplace_back(dtype_of(tensor), std::vector<py::ssize_t>{rows, tensor.elements});
    }
    std::vector<const unsigned char*> sources;
    for (const py::array& array : inputs) {
      sources.push_back(static_cast<const unsigned char*>(array.data()));
    }
    std::vector<unsigned char*> results;
    for (py::array& array : outputs) {
      results.push_back(static_cast<unsigned char*>(array.mutable_data()));
    }
    const py::gil_scoped_release release;
    run_rows(rows, sources, results);
    return outputs;
  }

 private:
  static py::dtype dtype_of(const Tensor& tensor) {
    return tensor.dtype == ECU_FLOAT32 ? py::dtype::of<float>() : py::dtype::of<std::int32_t>();
  }

  static py::ssize_t check_inputs(const std::vector<py::array>& inputs) {
    if (inputs.size() != kBundle.input_count) {
      throw std::invalid_argument("expected " + std::to_string(kBundle.input_count) + " arrays");
    }
    for (std::uint32_t i = 0U; i < kBundle.input_count; ++i) {
      const py::array& array = inputs[i];
      const Tensor& tensor = kBundle.inputs[i];
      const bool fits = array.ndim() == 2 && array.shape(0) == inputs[0].shape(0) &&
                        array.shape(1) == static_cast<py::ssize_t>(tensor.elements) &&
                        array.dtype().equal(dtype_of(tensor)) && (array.flags() & py::array::c_style) != 0;
      if (!fits) {
        throw std::invalid_argument("input " + std::to_string(i) + ": expected a C-contiguous array (rows, " +
                                    std::to_string(tensor.elements) + ") of the interface's type");
      }
    }
    return inputs.empty() ? 0 : inputs[0].shape(0);
  }

  void run_rows(py::ssize_t rows, const std::vector<const unsigned char*>& sources,
                const std::vector<unsigned char*>& results) {
    std::vector<const void*> in(sources.size());
    std::vector<void*> out(results.size());
    for (py::ssize_t row = 0; row < rows; ++row) {
      const auto index = static_cast<std::size_t>(row);
      for (std::size_t i = 0U; i < in.size(); ++i) {
        in[i] = sources[i] + index * kBundle.inputs[i].elements * sizeof(std::uint32_t);
      }
      for (std::size_t i = 0U; i < out.size(); ++i) {
        out[i] = results[i] + index * kBundle.outputs[i].elements * sizeof(std::uint32_t);
      }
      check(ecu_model_run(&model_, in.data(), out.data()), "row " + std::to_string(row));
    }
  }

  void check(ecu_status status, const std::string& place) {
    if (status != ECU_OK) {
      throw std::runtime_error(place + ": status " + std::to_string(static_cast<int>(status)) + ", " +
                               ecu_status_text(status) + ": " + ecu_model_error(&model_));
    }
  }

  ecu_model model_ = {};
  std::vector<Block> arena_;
};

}  // namespace

PYBIND11_MODULE(ECU_MODULE_NAME, module) {
  module.doc() = "The model of this bundle";
  py::class_<Model>(module, "Model").def(py::init<>()).def("run", &Model::run, py::arg("inputs"));
}
