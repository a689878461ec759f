#include <grapnel/store/tx/guard.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/fake_driver.hpp"

#include <atomic>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using grapnel::TxError;
using grapnel::detail::Committing;
using grapnel::detail::HandlePtr;
using grapnel::detail::Inside;
using grapnel::detail::kTable;
using grapnel::detail::Mark;
using grapnel::detail::Marks;
using model::Card;
using model::User;

namespace {

using Lines = std::vector<std::string>;

std::atomic<int> abandoned{0};
void Abandon(const HandlePtr&) noexcept { ++abandoned; }

/// A transaction's share in a mark.
struct Share {
  explicit Share(const HandlePtr& handle, Inside inside = Inside::Tx)
      : mark(Marks::Add(handle, *handle->store, Abandon, inside)) {}
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() {
    Marks::TakeOff(*mark);
    mark->Release();
  }
  Mark* mark;
};

}  // namespace

TEST_CASE_METHOD(FakeStore<User>,
                 "the base client is refused inside a transaction, and told what to use") {
  const FakeStore<User> other;
  CHECK_NOTHROW(Marks::Guard(*handle->store));
  {
    const Share share(handle);
    CHECK_THROWS_WITH(Marks::Guard(*handle->store), Catch::Contains("tx.Client()"));
    CHECK_NOTHROW(Marks::Guard(*other.handle->store));
    std::thread([&] { CHECK_NOTHROW(Marks::Guard(*handle->store)); }).join();
  }
  CHECK_NOTHROW(Marks::Guard(*handle->store));
  const Share share(handle, Inside::ReadTx);
  CHECK_THROWS_WITH(Marks::Guard(*handle->store), Catch::Contains("inside a ReadTx"));
}

TEST_CASE_METHOD(FakeStore<User>, "a mark that another thread takes off is none any more") {
  const Share share(handle);
  std::thread([&] { Marks::TakeOff(*share.mark); }).join();
  CHECK_NOTHROW(Marks::Guard(*handle->store));
}

TEST_CASE_METHOD(FakeStore<User>,
                 "it is refused inside a running mutation as well, until that one ends") {
  Marks::Running mutation(*handle->store);
  CHECK_THROWS_WITH(Marks::Guard(*handle->store),
                    Catch::Contains("running mutation") && Catch::Contains("m.Client()"));
  {
    const Marks::Running migration(*handle->store, "migration", "");
    CHECK_THROWS_WITH(Marks::Guard(*handle->store),
                      Catch::EndsWith("where it would wait for itself"));
  }
  mutation.active = false;  // its transaction is over
  CHECK_NOTHROW(Marks::Guard(*handle->store));
}

TEST_CASE_METHOD(FakeStore<User>, "at the end of a thread what it left open is abandoned, once") {
  abandoned = 0;
  const auto inside = grapnel::detail::MakeHandle(*handle);
  Mark* open = nullptr;
  std::thread([&] {
    open = Marks::Add(inside, *inside->store, Abandon, Inside::Tx);
    const Share ended(inside);
  }).join();
  CHECK(abandoned == 1);
  open->Release();
  std::thread([&] {
    auto gone = grapnel::detail::MakeHandle(*handle);
    open = Marks::Add(gone, *gone->store, Abandon, Inside::Tx);
  }).join();
  open->Release();
  CHECK(abandoned == 1);  // nobody held that transaction any more
}

TEST_CASE_METHOD(FakeStore<User>, "a commit hook is refused to the commit hooks of its own store") {
  const FakeStore<User> other;
  {
    const Committing outer(*handle->store);
    const Committing inner(*other.handle->store);
    CHECK_THROWS_AS(Committing::Guard(*handle->store), TxError);
    CHECK_THROWS_AS(Committing::Guard(*other.handle->store), TxError);
    std::thread([&] { CHECK_NOTHROW(Committing::Guard(*handle->store)); }).join();
  }
  CHECK_NOTHROW(Committing::Guard(*handle->store));
}

TEST_CASE_METHOD(FakeStore<User>,
                 "what nobody can catch goes to the sink, of whatever type it is") {
  Lines told;
  handle->store->SetErrorSink(
      [&](const std::exception& error) { told.emplace_back(error.what()); });
  handle->store->Report(std::make_exception_ptr(std::logic_error("a")));
  handle->store->Report(std::make_exception_ptr(42));
  CHECK(told == Lines{"a", "an exception of no standard type"});
  handle->store->SetErrorSink([](const std::exception&) { throw std::logic_error("dropped"); });
  CHECK_NOTHROW(handle->store->Report(std::make_exception_ptr(std::logic_error("b"))));
}

TEST_CASE_METHOD(FakeStore<User>, "a sink that another one replaces may tell of something itself") {
  Lines told;
  struct Last {
    grapnel::detail::Store& store;
    ~Last() { store.Report(std::make_exception_ptr(std::runtime_error("gone"))); }
  };
  handle->store->SetErrorSink(
      [last = std::make_shared<Last>(*handle->store)](const std::exception&) {});
  handle->store->SetErrorSink([&](const std::exception& error) { told.push_back(error.what()); });
  CHECK(told == Lines{"gone"});
}

TEST_CASE_METHOD(FakeStore<User>, "a type is compared with the database until it fits once") {
  auto& type = handle->store->TypeOf(kTable<User>);
  driver.writer.notes_verify = true;
  driver.writer.before = [](std::string_view) {
    throw grapnel::SchemaError("User", "age", "missing");
  };
  CHECK_THROWS_AS(type.Verify(driver.writer), grapnel::SchemaError);
  driver.writer.before = nullptr;
  type.Verify(driver.writer);
  type.Verify(driver.writer);
  CHECK(driver.writer.log == Lines{"VERIFY User"});
}

TEST_CASE_METHOD(FakeStore<User>, "a type that was not named at Open is told how to be") {
  CHECK(handle->store->TypeOf(kTable<User>).table == &kTable<User>);
  CHECK_THROWS_WITH(handle->store->TypeOf(kTable<Card>),
                    Catch::Contains("add it to grapnel::Open<...>"));
}
