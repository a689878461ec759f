#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace grapnel::postgres::detail {

/// A statement that the server keeps under a name, once it has been sent to it.
struct Prepared {
  std::string text{};
  std::vector<Oid> types{};  // of its parameters
  std::string name{};        // "" : the server does not have it
  std::uint64_t epoch = 0;   // of the connection, when it was sent

  /// Whether it is that one.
  bool Is(std::string_view its_text, const std::vector<Oid>& its_types) const noexcept {
    return types == its_types && text == its_text;
  }
};

/// Keeps the statements used last, by their texts and the types of their parameters.
class PreparedCache {
 public:
  static constexpr std::size_t kCapacity = 256;

  /// The statement, which may not have been sent. Valid until the next call. `dropped`: one that
  /// goes for it.
  Prepared& Find(std::string_view text, const std::vector<Oid>& types, Prepared& dropped) {
    const auto range = by_text_.equal_range(text);
    for (auto found = range.first; found != range.second; ++found) {
      if (found->second->types != types) continue;
      used_.splice(used_.begin(), used_, found->second);
      return *found->second;
    }
    if (used_.size() >= kCapacity) dropped = DropLast();
    used_.push_front({std::string(text), types});
    by_text_.emplace(used_.front().text, used_.begin());
    return used_.front();
  }
  std::size_t Size() const noexcept { return used_.size(); }

 private:
  using Entries = std::list<Prepared>;

  Prepared DropLast() {
    const auto last = std::prev(used_.end());
    const auto range = by_text_.equal_range(last->text);
    for (auto found = range.first; found != range.second; ++found) {
      if (found->second != last) continue;
      by_text_.erase(found);
      break;
    }
    Prepared gone = std::move(*last);
    used_.pop_back();
    return gone;
  }

  Entries used_;  // the one used last in front
  std::unordered_multimap<std::string_view, Entries::iterator> by_text_;
};

}  // namespace grapnel::postgres::detail
