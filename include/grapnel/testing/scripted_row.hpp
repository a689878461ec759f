#pragma once

#include <grapnel/model/row.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the rows of a test's look like to who reads from a database.
namespace grapnel::detail {

/// A row of which any value is known.
class KnownRow : public Row {
 public:
  bool IsNull(int at) override { return Kept(at).IsNull(); }
  std::int64_t Int(int at) override { return Of<std::int64_t>(at); }
  double Real(int at) override { return Of<double>(at); }
  std::string_view Text(int at) override { return Of<std::string>(at); }
  std::span<const std::byte> Blob(int at) override { return Of<FieldValue::Bytes>(at); }
  bool Bool(int at) override {
    const auto* value = Kept(at).As<bool>();
    return value != nullptr ? *value : Int(at) != 0;
  }

 protected:
  ~KnownRow() = default;

 private:
  virtual FieldValue Value(int at) const = 0;
  const FieldValue& Kept(int at) {
    value_ = Value(at);
    return value_;
  }
  template <class T>
  const T& Of(int at) {
    const T* value = Kept(at).As<T>();
    if (value == nullptr) throw BadValue("it is of another type");
    return *value;
  }

  FieldValue value_;  // that a view may be of
};

/// A row of a test's.
class ScriptedRow final : public KnownRow {
 public:
  ScriptedRow(const Table& table, const void* entity) noexcept : table_(table), entity_(entity) {}

  bool LoadEntity(const Table& table, void* entity) override {
    table.ops.Assign(entity, entity_);
    return true;
  }

 private:
  FieldValue Value(int at) const override {
    const Column& column = table_.columns[static_cast<std::size_t>(at)];
    return column.ops->to_value(column.at_const(entity_));
  }

  const Table& table_;
  const void* entity_;
};

/// Values that were made of rows.
class ValuesRow final : public KnownRow {
 public:
  explicit ValuesRow(const std::vector<FieldValue>& values) noexcept : values_(values) {}
  explicit ValuesRow(std::vector<FieldValue>&&) = delete;

 private:
  FieldValue Value(int at) const override { return values_[static_cast<std::size_t>(at)]; }

  const std::vector<FieldValue>& values_;
};

/// A neighbour of which no more is known than its id, and whose it is.
class NeighbourRow final : public KnownRow {
 public:
  NeighbourRow(FieldValue id, std::size_t source) noexcept : id_(std::move(id)), source_(source) {}

 private:
  FieldValue Value(int at) const override {
    return at == 0 ? id_ : FieldValue(static_cast<std::int64_t>(source_));
  }

  FieldValue id_;
  std::size_t source_;
};

}  // namespace grapnel::detail
