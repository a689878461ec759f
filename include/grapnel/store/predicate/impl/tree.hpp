#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/predicate/tree.hpp>

#include <cstdint>
#include <exception>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// A value in the form in which it is stored in the column. Throws: TypeMismatchError.
inline FieldValue AsStored(const Table& table, const Column& column, const FieldValue& value) {
  struct Given {
    const TypeOps& ops;
    const FieldValue& value;
  };
  const TypeOps& ops = column.target != nullptr ? *column.target().Id().ops : *column.ops;
  const Given given{ops, value};
  try {
    return ops.made_by(
        [](void* made, const void* of) {
          const auto& from = *static_cast<const Given*>(of);
          if (!from.ops.from_value(made, from.value)) throw BadValue("it is of another type");
        },
        &given);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {  // a Codec's too
    throw TypeMismatchError(table.entity, column.name,
                            core::Concat({"WhereField cannot compare it with ",
                                          column.IsSecret() ? "***" : ToString(value), ": ",
                                          column.IsSecret() ? kHidden : error.what()}));
  }
}

}  // namespace grapnel::detail

namespace grapnel::store {

GRAPNEL_DEFINE void Branch::Drop() noexcept {
  static thread_local constinit std::vector<PredicatePtr>* going = nullptr;
  if (going != nullptr) {
    try {
      return going->push_back(std::move(*this));
    } catch (...) {  // NOLINT(bugprone-empty-catch): without memory it goes at once
      return;
    }
  }
  std::vector<PredicatePtr> mine;
  going = &mine;
  Reset();
  while (!mine.empty()) {
    const PredicatePtr next = std::move(mine.back());
    mine.pop_back();
  }
  going = nullptr;
}

GRAPNEL_DEFINE PredicatePtr MakeNode(PredicateNode node) {
  node.reaches = node.kind == PredicateKind::Has || node.kind == PredicateKind::ReachedBy ||
                 (node.left && node.left->reaches) || (node.right && node.right->reaches);
  return core::MakeShared<const PredicateNode>(std::move(node));
}

GRAPNEL_DEFINE PredicatePtr Compared(PredicateKind kind, detail::FieldTag field, FieldValue value) {
  const auto node = core::MakeShared<PredicateNode>();  // often made, and not moved
  node->kind = kind;
  node->field = field;
  node->value = std::move(value);
  return node;
}

GRAPNEL_DEFINE PredicatePtr ComparedFields(PredicateKind kind, detail::FieldTag left,
                                           detail::FieldTag right) {
  PredicateNode node{kind, left};
  node.other = right;
  return MakeNode(std::move(node));
}

GRAPNEL_DEFINE PredicatePtr OneOf(detail::FieldTag field, std::vector<FieldValue> values) {
  return MakeNode({PredicateKind::In, field, std::move(values)});
}

GRAPNEL_DEFINE PredicatePtr IsNull(detail::FieldTag field) {
  return MakeNode({PredicateKind::IsNull, field});
}

GRAPNEL_DEFINE PredicatePtr FieldIs(const detail::Table& table, std::string_view name,
                                    const FieldValue& value) {
  for (const detail::Column& column : table.columns) {
    if (column.name != name) continue;
    if (value.IsNull()) return IsNull(column.tag);
    return Compared(PredicateKind::Equal, column.tag, detail::AsStored(table, column, value));
  }
  throw UnknownFieldError(table.entity, name);
}

GRAPNEL_DEFINE PredicatePtr HasNeighbour(detail::FieldTag edge, PredicatePtr neighbour) {
  return MakeNode({PredicateKind::Has, edge, {}, std::move(neighbour)});
}

GRAPNEL_DEFINE PredicatePtr Behind(std::vector<Ordering> order, std::vector<FieldValue> values) {
  PredicateNode node{PredicateKind::Behind, nullptr, std::move(values)};
  Rows rows;
  rows.order = std::move(order);
  node.from = core::MakeShared<const Rows>(std::move(rows));
  return MakeNode(std::move(node));
}

GRAPNEL_DEFINE PredicatePtr Negated(PredicatePtr condition) {
  return MakeNode({PredicateKind::Not, nullptr, {}, std::move(condition)});
}

GRAPNEL_DEFINE PredicatePtr Both(PredicatePtr left, PredicatePtr right) {
  if (!left) return right;
  if (!right) return left;
  return MakeNode({PredicateKind::And, nullptr, {}, std::move(left), std::move(right)});
}

GRAPNEL_DEFINE PredicatePtr Either(PredicatePtr left, PredicatePtr right) {
  return MakeNode({PredicateKind::Or, nullptr, {}, std::move(left), std::move(right)});
}

GRAPNEL_DEFINE PredicatePtr NeighboursOf(const detail::Relation& relation, Rows from) {
  PredicateNode node{PredicateKind::ReachedBy};
  node.relation = &relation;
  node.from = core::MakeShared<const Rows>(std::move(from));
  return MakeNode(std::move(node));
}

GRAPNEL_DEFINE PredicatePtr HoldersOf(const detail::Relation& relation, PredicatePtr referred) {
  if (relation.kind == detail::Relation::Kind::TheirKey) {
    return NeighboursOf(relation, {std::move(referred)});
  }
  PredicateNode node{PredicateKind::Has};
  node.relation = &relation;
  node.left = std::move(referred);
  return MakeNode(std::move(node));
}

GRAPNEL_DEFINE PredicatePtr KeyIn(const detail::Relation& relation, std::vector<FieldValue> ids) {
  PredicateNode node{PredicateKind::In, nullptr, std::move(ids)};
  node.relation = &relation;
  return MakeNode(std::move(node));
}

GRAPNEL_DEFINE PredicatePtr KeyIsNull(const detail::Relation& relation) {
  PredicateNode node{PredicateKind::IsNull};
  node.relation = &relation;
  return MakeNode(std::move(node));
}

GRAPNEL_DEFINE PredicatePtr InList(std::int64_t list, const detail::Relation* key,
                                   std::vector<FieldValue> part) {
  PredicateNode node{PredicateKind::InLists, nullptr, {FieldValue(), list}};
  node.relation = key;
  for (FieldValue& value : part) node.values.push_back(std::move(value));
  return MakeNode(std::move(node));
}

GRAPNEL_DEFINE PredicatePtr InLists(std::int64_t type, std::int64_t from, std::int64_t to) {
  return MakeNode({PredicateKind::InLists, nullptr, {type, from, to}});
}

GRAPNEL_DEFINE PredicatePtr IdIn(const detail::Table& table, std::vector<FieldValue> ids) {
  return OneOf(table.Id().tag, std::move(ids));
}

GRAPNEL_DEFINE PredicatePtr IdIsNull(const detail::Table& table) { return IsNull(table.Id().tag); }

}  // namespace grapnel::store
