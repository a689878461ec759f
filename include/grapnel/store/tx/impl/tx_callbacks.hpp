#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/compiled.hpp>
#include <grapnel/store/tx/callbacks.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/tx_callbacks.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <utility>

namespace grapnel::detail {

GRAPNEL_DEFINE void TxCallbacks::Expect() {
  if (due_ != nullptr) return;
  due_ = std::make_unique<CallbackBatch>(
      [store = store_](const std::exception_ptr& error) { store->Report(error); });
}

GRAPNEL_DEFINE void TxCallbacks::AddAfterCommit(core::Callable<void()> callback) {
  Expect();
  after_commit_.push_back(std::move(callback));
}

GRAPNEL_DEFINE void TxCallbacks::AddAfterRollback(core::Callable<void()> callback) {
  Expect();
  const std::size_t count = rolled_back_.size() + after_rollback_.size() + 1;
  MakePlace(rolled_back_, count);  // RollBackTo needs no memory, nor do they when they fail
  MakePlace(due_->thrown, count);
  after_rollback_.push_back(std::move(callback));
}

GRAPNEL_DEFINE void TxCallbacks::RollBackTo(CallbackPoint point) noexcept {
  after_commit_.resize(point.after_commit);
  for (std::size_t i = point.after_rollback; i < after_rollback_.size(); ++i) {
    rolled_back_.push_back(std::move(after_rollback_[i]));
  }
  after_rollback_.resize(point.after_rollback);
}

GRAPNEL_DEFINE void TxCallbacks::ExpectCommit() {
  if (due_ == nullptr) return;
  after_commit_.reserve(Count());
  due_->thrown.reserve(Count());
}

GRAPNEL_DEFINE std::unique_ptr<CallbackBatch> TxCallbacks::Take(bool committed) noexcept {
  if (due_ == nullptr) return nullptr;
  Callbacks& due = committed ? after_commit_ : rolled_back_;
  Callbacks& behind = committed ? rolled_back_ : after_rollback_;
  for (auto& each : behind) due.push_back(std::move(each));  // which has place for them
  due_->callbacks = std::move(due);
  after_commit_.clear();
  after_rollback_.clear();
  rolled_back_.clear();
  return std::move(due_);
}

}  // namespace grapnel::detail
