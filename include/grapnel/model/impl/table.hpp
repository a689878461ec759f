#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <optional>
#include <string>

namespace grapnel::detail {

GRAPNEL_DEFINE const Column* Table::Find(std::string_view field) const noexcept {
  for (const Column& column : columns.first(fields)) {
    if (column.name == field) return &column;
  }
  return nullptr;
}
GRAPNEL_DEFINE const EdgeEnd* Table::FindEdge(std::string_view edge) const noexcept {
  for (const EdgeEnd& each : edges) {
    if (each.name == edge) return &each;
  }
  return nullptr;
}
GRAPNEL_DEFINE const EdgeEnd* Table::FindEdgeTag(FieldTag tag) const noexcept {
  for (const EdgeEnd& each : edges) {
    if (each.tag == tag) return &each;
  }
  return nullptr;
}
GRAPNEL_DEFINE const Column* Table::FindTag(FieldTag tag) const noexcept {
  for (const Column& column : columns) {
    if (column.tag == tag) return &column;
  }
  return nullptr;
}

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void Table::RefuseValue(std::string_view of, Op op,
                                                               std::string_view reason) const {
  const Column* const column = Find(of);
  const EdgeEnd* const edge = FindEdge(of);
  const bool is_secret = (column != nullptr && column->IsSecret()) ||
                         (edge != nullptr && edge->target().Id().sensitive);
  throw ValidationError(entity, of, op, is_secret ? kHidden : reason);
}

GRAPNEL_DEFINE std::string Table::ShowId(const FieldValue& id) const {
  return Id().sensitive ? "***" : ToString(id);
}

/// Why a text or blob of this many bytes is refused, or nothing.
inline std::optional<std::string> CheckLength(std::size_t size, std::size_t least,
                                              std::size_t most) {
  if (size < least) {
    if (size == 0) return "the value is empty";
    return core::Concat({"the value is shorter than ", std::to_string(least), " bytes"});
  }
  if (size <= most) return std::nullopt;
  return core::Concat({"the value is longer than ", std::to_string(most), " bytes"});
}

/// Why a value is refused, in words that name it, or nothing. Throws: BadValue and what a Codec
/// throws for a value that cannot be stored.
inline std::optional<std::string> CheckContent(const Column& column, const void* member) {
  if (!column.ops->number && !column.ops->may_not_be_stored) return std::nullopt;
  const FieldValue value = column.ops->to_value(member);
  if (!column.ops->number) return std::nullopt;
  std::string text;
  if (const auto* number = value.As<std::int64_t>()) {
    if ((!column.least || *number >= *column.least) && (!column.most || *number <= *column.most))
      return std::nullopt;
    text = std::to_string(*number);
  } else {
    const double real = *value.As<double>();
    if ((!column.least_real || real >= *column.least_real) &&
        (!column.most_real || real <= *column.most_real) && (!column.above_zero || real > 0)) {
      return std::nullopt;
    }
    text = std::to_string(real);
  }
  return core::Concat({"the value ", text, " is out of range"});
}

GRAPNEL_DEFINE std::optional<std::string> Column::Check(const void* member) const {
  if (ops->is_null != nullptr && ops->is_null(member)) return std::nullopt;
  if (ops->length != nullptr) {
    if (auto reason = CheckLength(ops->length(member), min_length, max_length)) return reason;
  }
  const auto told = [&](std::string reason) {
    return sensitive ? std::string(kHidden) : std::move(reason);
  };
  try {
    if (auto reason = CheckContent(*this, member)) return told(*std::move(reason));
  } catch (const std::bad_alloc&) {  // which says nothing of the value
    throw;
  } catch (const std::exception& error) {
    return told(error.what());
  }
  try {
    if (validate != nullptr && !validate(member, field)) return "the value is not valid";
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  }
  return std::nullopt;
}

GRAPNEL_DEFINE Relation Resolve(const Table& source, const EdgeEnd& edge) {
  const auto refuse = [&](std::string_view reason) {
    throw SchemaError(source.entity, edge.name, reason);
  };
  const Table& target = edge.target();
  Relation relation;
  relation.edge = &edge;
  relation.source = &source;
  relation.target = &target;
  if (edge.inverse_of != nullptr) {
    relation.inverse = target.FindEdgeTag(edge.inverse_of);
    if (relation.inverse == nullptr) {
      refuse(core::Concat({"its Ref names a member that is no edge of ", target.entity}));
    }
    if (relation.inverse->target().type != source.type) {
      refuse(core::Concat({"its Ref names ", target.entity, ".", relation.inverse->name,
                           ", which leads to ", relation.inverse->target().entity}));
    }
  } else {
    for (const EdgeEnd& other : target.edges) {
      if (other.inverse_of != edge.tag || other.target().type != source.type) continue;
      if (relation.inverse != nullptr) refuse("two edges say by Ref that they are its other end");
      relation.inverse = &other;
    }
  }
  const EdgeEnd* const other = relation.inverse;
  const auto choose = [&](std::string_view given, std::string made) {
    return given.empty() ? std::move(made) : std::string(given);
  };
  if (edge.HoldsKey()) {
    relation.kind = Relation::Kind::OwnKey;
    relation.table = source.name;
    relation.column = source.columns[edge.key].storage;
    relation.unique = edge.unique || (other != nullptr && !other->many);
    relation.required = edge.required;
  } else if (other != nullptr && other->HoldsKey()) {
    if (!edge.storage.empty()) {
      refuse(core::Concat({"StorageKey goes to the end that holds the foreign key: ", target.entity,
                           ".", other->name}));
    }
    relation.kind = Relation::Kind::TheirKey;
    relation.table = target.name;
    relation.column = target.columns[other->key].storage;
    relation.unique = other->unique || !edge.many;
    relation.required = other->required;
  } else if (other != nullptr || source.type == target.type) {
    const bool is_to = edge.inverse_of == nullptr;
    const Table& first = is_to ? source : target;
    const EdgeEnd& to = is_to ? edge : *other;
    relation.kind = Relation::Kind::Join;
    relation.table =
        choose(edge.storage.empty() && other != nullptr ? other->storage : edge.storage,
               core::Concat({first.name, "_", to.name}));
    relation.column = core::Concat({first.name, "_id"});
    relation.other = core::Concat({to.name, "_id"});
    if (relation.column == relation.other) relation.other += "_2";
    if (!is_to) std::swap(relation.column, relation.other);
    relation.mirrored = other == nullptr;
  } else {
    relation.kind = Relation::Kind::TheirKey;
    relation.table = target.name;
    relation.column = choose(edge.storage, core::Concat({source.name, "_", edge.name}));
  }
  if (edge.on_delete && other != nullptr && other->on_delete &&
      *edge.on_delete != *other->on_delete) {
    refuse("its two ends ask for different OnDelete actions");
  }
  const auto asked = edge.on_delete     ? edge.on_delete
                     : other != nullptr ? other->on_delete
                                        : std::nullopt;
  if (asked && relation.kind == Relation::Kind::Join) {
    refuse(
        "OnDelete is for edges with a foreign key; pairs of ids always go with either of their "
        "rows");
  }
  if (asked == SetNull && relation.required) refuse("a required edge cannot be SetNull");
  if (asked == SetNull && (edge.immutable || (other != nullptr && other->immutable))) {
    refuse("an immutable edge cannot be SetNull: say OnDelete(Cascade) or OnDelete(Restrict)");
  }
  relation.on_delete = asked.value_or(relation.required ? Restrict : SetNull);
  return relation;
}

}  // namespace grapnel::detail
