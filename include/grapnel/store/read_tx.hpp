#pragma once

#include <grapnel/core/context.hpp>
#include <grapnel/store/entities.hpp>
#include <grapnel/store/query/sql.hpp>
#include <grapnel/store/tx/handle.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <string_view>
#include <utility>

namespace grapnel {

class Client;

/// One snapshot of the database for many reads: they see nothing of what others commit meanwhile.
/// Ends with its scope. On an in-memory database it keeps writers waiting. Throws, from its reads:
/// TxError on another thread than its own.
class ReadTx {
 public:
  ReadTx(ReadTx&&) noexcept = default;
  ReadTx& operator=(ReadTx&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(owner_, other.owner_);
    return *this;
  }
  ~ReadTx() {
    if (handle_ && owner_) detail::EndSnapshot(*handle_);
  }

  template <class E>
  store::Reader<E> Of() const {
    return store::Reader<E>(Held());
  }
  /// Runs one statement of SQL that only reads, on this snapshot: see Client::Sql.
  template <class... Vs>
  store::SqlRows Sql(std::string_view text, const Vs&... values) const {
    return detail::RunSql(Held(), text, {detail::SqlValue::Of(values)...}, true);
  }

  const core::Context& Context() const { return detail::ContextOf(*Held()); }

 private:
  friend Client;
  ReadTx(detail::HandlePtr handle, bool owner) noexcept
      : handle_(std::move(handle)), owner_(owner) {}

  const detail::HandlePtr& Held() const { return detail::CheckHeld(handle_, {}, "a ReadTx"); }

  detail::HandlePtr handle_;
  bool owner_;
};

}  // namespace grapnel
