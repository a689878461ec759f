#pragma once

#include <grapnel/base/shared.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/hook/point.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/entities.hpp>
#include <grapnel/store/query/intercept.hpp>
#include <grapnel/store/query/reading.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/testing/run.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel::testing {

template <class E>
class [[nodiscard("nothing is read before Go()")]] RunRead;

/// What came of a read.
template <class E>
class Read {
 public:
  /// Whether the interceptor has let the read pass.
  bool CalledNext() const noexcept { return called_next_; }
  /// Whether it has added conditions, or lowered the number of rows.
  bool Narrowed() const noexcept { return narrowed_; }
  /// The rows that the caller gets. Throws: what was thrown.
  const std::vector<E>& Rows() const { return Got().rows_; }
  /// How many they are; of ReadKind::Count what it is told, of Exist 1 or 0.
  std::int64_t Count() const { return Got().count_; }
  /// Whether it threw an X, or what is derived from it.
  template <class X = std::exception>
  bool Threw() const {
    return detail::Is<X>(thrown_);
  }
  const std::exception_ptr& Thrown() const noexcept { return thrown_; }

 private:
  friend RunRead<E>;
  Read() = default;

  const Read& Got() const {
    if (thrown_) std::rethrow_exception(thrown_);
    return *this;
  }

  bool called_next_ = false;
  bool narrowed_ = false;
  std::vector<E> rows_{};
  std::int64_t count_ = 0;
  std::exception_ptr thrown_{};
};

/// Runs an interceptor of any form, or a chain of them, without a database, around a read of the
/// rows that the test gives, of which conditions and orders pick as a database would. Those of the
/// schema do not run.
///
///   const auto read = grapnel::testing::RunRead<User>(Masked()).Row(ada).With(Viewer{"bob"}).Go();
///   CHECK(read.Rows().front().mail.empty());
///
/// Throws, from Go(): NotGivenError, where it asks for a database, or by a condition or order for
/// more than the rows of this type. Threads: one.
template <class E>
class RunRead : public detail::Needs<RunRead<E>, E> {
  using detail::Needs<RunRead<E>, E>::Given;

 public:
  /// No interceptor, but rules of a guard: see Guard.
  explicit RunRead(ReadKind kind = ReadKind::Rows)
      : RunRead(hook::Before([](AnyReading&) {}), kind) {}
  /// `kind`: Rows, Count or Exist. Throws: Error for another one.
  template <class I>
  requires(!std::is_same_v<I, ReadKind>) explicit RunRead(I interceptor,
                                                          ReadKind kind = ReadKind::Rows)
      : detail::Needs<RunRead<E>, E>(Op::Create), kind_(kind) {
    if (kind == ReadKind::Ids || kind == ReadKind::Aggregate) {
      throw Error("RunRead reads Rows, Count or Exist");
    }
    Given().Connection().SetGiven();
    const auto handle = grapnel::detail::MakeHandle({Given().store, nullptr, nullptr, {}});
    // Of the read itself, as opposed to those that the interceptor makes.
    detail::Running<E>* const run = &Given();
    const auto outside = [run](Reading<E>& r, NextRead<E> next) -> Found<E> {
      struct Inside {
        int& depth;
        ~Inside() { --depth; }
      } const inside{++run->depth};
      return next(r);
    };
    const auto inside = [run](Reading<E>& r, NextRead<E> next) -> Found<E> {
      if (run->depth == 1) ++run->calls;
      return next(r);
    };
    const auto readers =
        grapnel::detail::ReadersOf<E>(core::MakeShared<decltype(outside)>(outside),
                                      core::MakeShared<const I>(std::move(interceptor)),
                                      core::MakeShared<decltype(inside)>(inside));
    grapnel::detail::AddReaders({grapnel::detail::PrepareReaders(
        handle, grapnel::detail::kTable<E>, grapnel::detail::kReadActions<E>, readers)});
  }

  RunRead(RunRead&&) noexcept = default;
  RunRead& operator=(RunRead&&) noexcept = default;
  RunRead(const RunRead&) =
      delete;  // it is made once: make another one, by a function of the test's
  RunRead& operator=(const RunRead&) = delete;

  /// A row that is stored.
  RunRead& Row(E row) & {
    Given().rows.push_back(std::move(row));
    return *this;
  }
  [[nodiscard("nothing is read before Go()")]] RunRead&& Row(E row) && {
    return std::move(Row(std::move(row)));
  }
  /// Reads, once.
  Read<E> Go() {
    Read<E> read;
    const std::shared_ptr<detail::Running<E>> run = this->Take();
    const typename detail::Running<E>::Now now(*run);
    const auto& connection = run->Connection();
    const auto handle = grapnel::detail::MakeHandle({run->store, nullptr, nullptr, this->context_});
    try {
      const auto query = store::Entities<E>(handle).Query();
      if (kind_ == ReadKind::Rows) {
        read.rows_ = query.All();
        read.count_ = static_cast<std::int64_t>(read.rows_.size());
      } else if (kind_ == ReadKind::Count) {
        read.count_ = query.Count();
      } else {
        read.count_ = query.Exist() ? 1 : 0;
      }
    } catch (...) {
      read.thrown_ = std::current_exception();
    }
    read.called_next_ = run->calls != 0;
    read.narrowed_ = connection.WasNarrowed();
    if (const auto missing = connection.Missing()) std::rethrow_exception(missing);
    return read;
  }

 private:
  ReadKind kind_;
};

}  // namespace grapnel::testing
