#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/extras/outbox/append.hpp>
#include <grapnel/extras/outbox/change.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/mutation/value.hpp>

#include <algorithm>
#include <concepts>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel::extras::outbox {

/// The key of a Change, where Key does not say another one.
struct ById {
  template <class E>
  const auto& operator()(const Change<E>& change) const noexcept {
    return change.Id();
  }
};

/// Publish was not told a payload.
struct NoPayload {};

/// A hook that writes an event for each row that a mutation of E has changed, in its transaction:
/// see <grapnel/extras/outbox.hpp>.
///
///   client.Of<User>().Use(outbox::Publish<User>("user.changed").To("search", "mail")
///       .Key([](const auto& change) { return change.Id(); })
///       .Payload([](const auto& change) { return Json(change.Old(), change.New()); }));
///
/// Each part returns the hook that has it as well. Throws (the constructor, `To`): Error for an
/// empty type, and a sink that cannot be or is named twice. From writes: what Key and Payload
/// throw; Error where it was not said To which sinks and where the program was not opened with
/// Event and Lane, SchemaError where their tables are not there. Either undoes the write.
template <class E, class KeyOf = ById, class PayloadOf = NoPayload>
class Publish {
 public:
  explicit Publish(std::string_view type) : type_(type) {
    if (type_.empty()) throw Error("extras::outbox::Publish: the type of the event is empty");
  }

  /// The sinks that are told, each by a relay of its own.
  template <class... Names>
  [[nodiscard("it returns the hook, which is given to Use")]] Publish To(
      const Names&... sinks) const {
    constexpr bool names = (std::convertible_to<const Names&, std::string_view> && ...);
    static_assert(names && sizeof...(Names) > 0, "To names the sinks: To(\"search\", \"mail\")");
    Publish longer = *this;
    if constexpr (names) (longer.Add(sinks), ...);
    return longer;
  }
  /// Which events follow each other: an integer or text, by default the row's id. One that follows
  /// from what may change takes its place in the order of that key alone.
  template <class F>
  [[nodiscard("it returns the hook, which is given to Use")]] auto Key(F key) const {
    static_assert(std::is_invocable_v<const F&, const Change<E>&>,
                  "Key takes a function: Key([](const auto& change) { return change.Id(); })");
    return Publish<E, F, PayloadOf>(type_, sinks_, also_unchanged_, std::move(key), payload_);
  }
  /// What the event says, as text: called in the transaction, once for each row.
  template <class F>
  [[nodiscard("it returns the hook, which is given to Use")]] auto Payload(F payload) const {
    static_assert(
        std::is_invocable_r_v<std::string, const F&, const Change<E>&> ||
            std::is_invocable_r_v<std::string_view, const F&, const Change<E>&>,
        "Payload takes a function that returns text: Payload([](const auto& change) { return "
        "Json(change.Old(), change.New()); })");
    return Publish<E, KeyOf, F>(type_, sinks_, also_unchanged_, key_, std::move(payload));
  }
  /// Tells of rows as well that the mutation has touched and left as they were.
  [[nodiscard("it returns the hook, which is given to Use")]] Publish AlsoUnchanged() const {
    Publish longer = *this;
    longer.also_unchanged_ = true;
    return longer;
  }

  std::string_view HookName() const noexcept { return type_; }

  Value<E> operator()(Mutation<E>& m, Next<E> next) const {
    static_assert(!std::is_same_v<PayloadOf, NoPayload>,
                  "Publish needs to know what its events say: Publish<User>(\"user.changed\")"
                  ".To(\"mail\").Payload([](const auto& change) { return Json(change.New()); })");
    if (sinks_.empty()) Refuse("it was not said To which sinks");
    const TouchedRows<E>* const outer = TouchedRows<E>::Around(this, m);
    m.WatchChanges();
    const TouchedRows<E> touched(this, m);
    Value<E> value = next(m);
    std::vector<TouchedRow<E>> rows = touched.Rows();
    if (outer != nullptr) {
      outer->Keep(m, std::move(rows));
    } else {
      Write(m, std::move(rows));
    }
    return value;
  }

  // What follows is for the forms of Publish.
  Publish(std::string type, std::vector<std::string> sinks, bool also_unchanged, KeyOf key,
          PayloadOf payload)
      : type_(std::move(type)),
        sinks_(std::move(sinks)),
        also_unchanged_(also_unchanged),
        key_(std::move(key)),
        payload_(std::move(payload)) {}

 private:
  void Add(std::string_view sink) {
    CheckSink("Publish", sink);
    if (std::ranges::find(sinks_, sink) != sinks_.end()) {
      Refuse("the sink \"" + std::string(sink) + "\" is named twice");
    }
    sinks_.emplace_back(sink);
  }

  [[noreturn]] static void Refuse(const std::string& why) {
    throw Error("extras::outbox::Publish: " + why);
  }

  void Write(const Mutation<E>& m, std::vector<TouchedRow<E>> rows) const {
    // In the order of keys, so that those that write many do not wait for each other.
    std::map<std::string, std::vector<std::string>> made;
    for (TouchedRow<E>& row : rows) {
      if ((!row.before && !row.after) || !(row.IsChanged() || also_unchanged_)) continue;
      const Change<E> change(row.op, std::move(row.before), std::move(row.after));
      std::string key = Text(key_(change));
      made[std::move(key)].push_back(std::string(payload_(change)));
    }
    if (made.empty()) return;
    const Client client = m.Client();
    for (const std::string& sink : sinks_) {
      for (const auto& [key, payloads] : made) AppendAll(client, sink, key, type_, payloads);
    }
    m.AfterCommit([] { Poke::All(); });
  }

  template <class T>
  static std::string Text(const T& key) {
    constexpr bool is_integer = std::integral<T> && !std::same_as<T, bool>;
    static_assert(is_integer || std::convertible_to<const T&, std::string_view>,
                  "a key is an integer or text: Key([](const auto& change) { return "
                  "std::to_string(...); })");
    if constexpr (is_integer) {
      return std::to_string(key);
    } else {
      return std::string(std::string_view(key));
    }
  }

  std::string type_;
  std::vector<std::string> sinks_{};
  bool also_unchanged_ = false;
  [[no_unique_address]] KeyOf key_{};
  [[no_unique_address]] PayloadOf payload_{};
};

}  // namespace grapnel::extras::outbox
