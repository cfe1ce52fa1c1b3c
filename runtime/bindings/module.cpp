/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  ecu_bundle._runtime: the device runtime in a Python process, for parity checks and tests.
 *  Not device code: it uses exceptions and the heap.
 */
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ecu/golden.h"
#include "ecu/model.h"
#include "engine.h"
#include "image/reader.h"

namespace py = pybind11;

extern "C" {
extern const void* const ecu_runtime_engines[];
const void* const ecu_runtime_engines[] = {&ecu_engine_ort, &ecu_engine_native};
}

namespace {

/* A status that is not ECU_OK; `row` is the failing row of a run, -1 elsewhere. */
struct Failure {
  ecu_status status;
  std::string detail;  // of the engine; empty when the engine was not the cause
  py::ssize_t row;
};

Failure failure_of(const ecu_model& model, ecu_status status, py::ssize_t row) {
  return Failure{status, status < ECU_ENGINE_MISSING ? "" : ecu_model_error(&model), row};
}

PyObject* status_error = nullptr;  // the Python class; lives as long as the interpreter

[[noreturn]] void raise(const Failure& failure) {
  const char* const text = ecu_status_text(failure.status);
  const py::object error = py::reinterpret_borrow<py::object>(status_error)(text);
  error.attr("status") = static_cast<int>(failure.status);
  error.attr("text") = text;
  error.attr("detail") = py::reinterpret_steal<py::object>(PyUnicode_DecodeUTF8(
      failure.detail.data(), static_cast<py::ssize_t>(failure.detail.size()), "replace"));
  error.attr("row") = failure.row < 0 ? py::object(py::none()) : py::object(py::int_(failure.row));
  PyErr_SetObject(status_error, error.ptr());
  throw py::error_already_set();
}

/* Memory with the alignment of image and arena. */
class Block {
 public:
  explicit Block(std::size_t size) : data_(::operator new(size, kAlignment)) {}

  [[nodiscard]] void* get() const noexcept { return data_.get(); }

 private:
  static constexpr std::align_val_t kAlignment{ECU_ARENA_ALIGNMENT};

  struct Delete {
    void operator()(void* data) const noexcept { ::operator delete(data, kAlignment); }
  };
  std::unique_ptr<void, Delete> data_;
};

py::dtype dtype_of(const ecu_tensor_info& info) {
  return info.dtype == ECU_FLOAT32 ? py::dtype::of<float>() : py::dtype::of<std::int32_t>();
}

/* All device values have four bytes. */
std::size_t row_bytes(const ecu_tensor_info& info) { return std::size_t{4U} * info.elements; }

class Model {
 public:
  explicit Model(const py::bytes& image) {
    const std::string_view bytes(image);
    image_.emplace(bytes.size());
    std::memcpy(image_->get(), bytes.data(), bytes.size());
    ecu::Image checked = {};
    const auto* const data = static_cast<const std::uint8_t*>(image_->get());
    const ecu_status status = ecu::read_image(ecu::Bytes(data, bytes.size()), checked);
    if (status != ECU_OK) {
      raise({status, "", -1});
    }
    arena_.emplace(checked.arena_size);
    open(bytes.size(), checked.arena_size);
  }

  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  ~Model() { close(); }

  void close() noexcept { ecu_model_close(&model_); }

  [[nodiscard]] py::list run(const std::vector<py::array>& inputs) {
    const ecu_model_info& info = require_open();
    const py::ssize_t rows = check_inputs(info, inputs);
    std::vector<const std::uint8_t*> sources;
    for (const py::array& array : inputs) {
      sources.push_back(static_cast<const std::uint8_t*>(array.data()));
    }
    py::list results;
    std::vector<std::uint8_t*> targets;
    for (std::uint32_t i = 0U; i < info.output_count; ++i) {
      py::array array(dtype_of(info.outputs[i]),
                      std::vector<py::ssize_t>{rows, static_cast<py::ssize_t>(info.outputs[i].elements)});
      targets.push_back(static_cast<std::uint8_t*>(array.mutable_data()));
      results.append(std::move(array));
    }
    std::optional<Failure> failure;
    {
      const py::gil_scoped_release released;
      failure = run_rows(info, sources, targets, rows);
    }
    if (failure) {
      raise(*failure);
    }
    return results;
  }

  [[nodiscard]] py::dict info() const {
    const ecu_model_info& info = require_open();
    py::dict facts;
    facts["name"] = info.name;
    facts["version"] = info.version;
    facts["engine"] = info.engine == ECU_ENGINE_ORT ? "ort" : "native";
    facts["inputs"] = describe(info.inputs, info.input_count);
    facts["outputs"] = describe(info.outputs, info.output_count);
    facts["interface_hash"] = digest(info.interface_hash);
    facts["model_digest"] = digest(info.model_digest);
    facts["image_digest"] = digest(info.image_digest);
    facts["image_size"] = info.image_size;
    facts["arena_size"] = info.arena_size;
    return facts;
  }

 private:
  void open(std::size_t image_size, std::size_t arena_size) {
    ecu_status status = ECU_OK;
    {
      const py::gil_scoped_release released;
      status = ecu_model_open(&model_, image_->get(), image_size, arena_->get(), arena_size);
    }
    if (status != ECU_OK) {
      raise(failure_of(model_, status, -1));
    }
  }

  [[nodiscard]] const ecu_model_info& require_open() const {
    const ecu_model_info* const info = ecu_model_info_of(&model_);
    if (info == nullptr) {
      raise({ECU_NOT_OPEN, "", -1});
    }
    return *info;
  }

  static py::ssize_t check_inputs(const ecu_model_info& info, const std::vector<py::array>& inputs) {
    if (inputs.size() != info.input_count) {
      throw py::value_error("one array per input is needed");
    }
    const py::ssize_t rows = inputs.front().ndim() == 2 ? inputs.front().shape(0) : 0;
    for (std::uint32_t i = 0U; i < info.input_count; ++i) {
      const py::array& array = inputs[i];
      const bool fits = array.ndim() == 2 && array.shape(0) == rows &&
                        array.shape(1) == static_cast<py::ssize_t>(info.inputs[i].elements) &&
                        array.dtype().equal(dtype_of(info.inputs[i])) &&
                        (array.flags() & py::array::c_style) != 0;
      if (!fits) {
        throw py::value_error(std::string("wrong dtype, shape or layout of input ") + info.inputs[i].name);
      }
    }
    return rows;
  }

  [[nodiscard]] std::optional<Failure> run_rows(const ecu_model_info& info,
                                                std::vector<const std::uint8_t*> sources,
                                                std::vector<std::uint8_t*> targets, py::ssize_t rows) {
    std::vector<const void*> inputs(sources.size());
    std::vector<void*> outputs(targets.size());
    for (py::ssize_t row = 0; row < rows; ++row) {
      for (std::size_t i = 0U; i < sources.size(); ++i) {
        inputs[i] = sources[i];
        sources[i] += row_bytes(info.inputs[i]);
      }
      for (std::size_t i = 0U; i < targets.size(); ++i) {
        outputs[i] = targets[i];
        targets[i] += row_bytes(info.outputs[i]);
      }
      const ecu_status status = ecu_model_run(&model_, inputs.data(), outputs.data());
      if (status != ECU_OK) {
        return failure_of(model_, status, row);
      }
    }
    return std::nullopt;
  }

  static py::list describe(const ecu_tensor_info* tensors, std::uint32_t count) {
    py::list list;
    for (std::uint32_t i = 0U; i < count; ++i) {
      py::dict tensor;
      tensor["name"] = tensors[i].name;
      tensor["unit"] = tensors[i].unit;
      tensor["dtype"] = tensors[i].dtype == ECU_FLOAT32 ? "float32" : "int32";
      tensor["elements"] = tensors[i].elements;
      list.append(tensor);
    }
    return list;
  }

  static py::bytes digest(const std::uint8_t* bytes) {
    return py::bytes(static_cast<const char*>(static_cast<const void*>(bytes)), ECU_DIGEST_SIZE);
  }

  std::optional<Block> image_;
  std::optional<Block> arena_;
  ecu_model model_ = {};
};

void test_golden(const py::bytes& payload, std::size_t memory_size) {
  const std::string_view bytes(payload);
  const Block aligned(bytes.size());
  std::memcpy(aligned.get(), bytes.data(), bytes.size());
  const Block block(memory_size);
  ecu_golden_memory memory = {block.get(), memory_size};
  ecu_status status = ECU_OK;
  {
    const py::gil_scoped_release released;
    status = ecu_golden_test(&memory, aligned.get(), bytes.size());
  }
  if (status != ECU_OK) {
    raise({status, "", -1});
  }
}

}  // namespace

PYBIND11_MODULE(_runtime, module) {
  module.doc() = "The device runtime in a Python process.";
  status_error = PyErr_NewExceptionWithDoc(
      "ecu_bundle._runtime.StatusError",
      "A status of the runtime: `status` (number), `text`, `detail` (of the engine), `row` (or None).",
      nullptr, nullptr);
  module.attr("StatusError") = py::reinterpret_borrow<py::object>(status_error);
  module.def("test_golden", &test_golden, py::arg("payload"), py::arg("memory_size"),
             "The self-test of a device with the payload of a model package, in so many bytes of memory.");
  py::class_<Model>(module, "Model", "An open model image. Not for use by two threads at the same time.")
      .def(py::init<const py::bytes&>(), py::arg("image"))
      .def("run", &Model::run, py::arg("inputs"),
           "Runs row by row, without the GIL: one C-contiguous array (rows, elements) per input in, one per "
           "output out.")
      .def("info", &Model::info, "Facts of the model as the device sees them.")
      .def("close", &Model::close, "Releases the engine; allowed twice.");
}
