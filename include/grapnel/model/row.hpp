#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>

/// What passes between the members of entities and an engine.
namespace grapnel::detail {

/// Why a value cannot be stored or read; the caller adds the names.
struct BadValue : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What a value is bound as: a view of the member, or of a temporary that the receiver must copy.
class Binder {
 public:
  virtual void Null(int at) = 0;
  /// A truth value: 0 or 1 to an engine that has none.
  virtual void Bool(int at, bool value) { Int(at, value ? 1 : 0); }
  virtual void Int(int at, std::int64_t value) = 0;
  virtual void Real(int at, double value) = 0;
  virtual void Text(int at, std::string_view value, bool temporary) = 0;
  virtual void Blob(int at, std::span<const std::byte> value, bool temporary) = 0;

 protected:
  ~Binder() = default;
};

struct Table;
enum class Plain : std::uint8_t;

/// One row of a result. Views are valid until the next row. Reading a value of another storage
/// class throws BadValue.
class Row {
 public:
  /// How many rows the result has, where that is known before they are read; else 0.
  virtual std::size_t Rows() const noexcept { return 0; }
  virtual bool IsNull(int at) = 0;
  /// A truth value: to an engine that has none, whether a number is not 0.
  virtual bool Bool(int at) { return Int(at) != 0; }
  virtual std::int64_t Int(int at) = 0;
  virtual double Real(int at) = 0;
  virtual std::string_view Text(int at) = 0;
  virtual std::span<const std::byte> Blob(int at) = 0;
  /// Reads all columns of a row of `table` into its entity at once; false where that has to be done
  /// column by column. Throws: SchemaError, which names the field.
  virtual bool LoadEntity(const Table&, void* /*entity*/) { return false; }
  /// Reads a value into an object of a type that is read in place; false where that has to be done
  /// by the calls above, which throw what is wrong.
  virtual bool LoadPlain(Plain, void* /*value*/, int /*at*/) { return false; }

 protected:
  ~Row() = default;
};

}  // namespace grapnel::detail
