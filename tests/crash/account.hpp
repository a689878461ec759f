#pragma once

/// What was delivered, against what was committed.

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "crash/model.hpp"

namespace crash {

/// A sink whose deliveries outlive the process: each is one write to the end of a file, between a
/// newline and a semicolon, without which it has not taken place. At times it fails, before it has
/// delivered or behind that.
class FileSink {
 public:
  FileSink(const std::string& path, std::uint32_t seed, bool fails = true)
      : log_(Open(path, O_APPEND)), keys_(Open(path + ".keys", 0)), chance_(seed), fails_(fails) {}

  void operator()(const outbox::Event& event, const std::stop_token&) {
    const auto slot = std::stoll(event.key);
    if (fails_ && Number() % 40 == 0) throw std::runtime_error("no route");
    // The system takes it back from a process that dies.
    const bool is_alone = Lock(slot, F_WRLCK);
    Write(fmt::format("\n{}\t{}\t{}\t{}\t{}\t{}\t{}\t{};", is_alone ? "one" : "two", event.id,
                      event.key, event.type, event.seq,
                      event.committed_at.time_since_epoch().count(), event.payload,
                      event.attempts));
    if (fails_) std::this_thread::sleep_for(std::chrono::microseconds(Number() % 200));
    if (is_alone) Lock(slot, F_UNLCK);
    if (fails_ && Number() % 40 == 0) throw std::runtime_error("the answer is lost");
  }

 private:
  static int Open(const std::string& path, int flags) {
    const int file = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | flags, 0600);
    if (file < 0) throw std::runtime_error("cannot open " + path);
    return file;
  }
  bool Lock(std::int64_t slot, int type) const {
    struct flock lock {};
    lock.l_type = static_cast<short>(type);
    lock.l_whence = SEEK_SET;
    lock.l_start = slot;
    lock.l_len = 1;
    return fcntl(keys_, F_SETLK, &lock) == 0;
  }
  void Write(const std::string& text) const {
    if (write(log_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      throw std::runtime_error("the log cannot be written");
    }
  }
  std::uint32_t Number() { return static_cast<std::uint32_t>(chance_()) >> 4; }

  int log_, keys_;  // open as long as the process is
  Random chance_;
  bool fails_;
};

/// One delivery as a sink has seen it.
struct Delivery {
  std::int64_t id = 0, slot = 0, version = 0, seq = 0;
  std::string payload{};
  std::string all{};  // what is to be equal each time
  bool is_alone = true;
};

inline std::int64_t Whole(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}
/// Of an event that says "slot:version:text".
inline Delivery Delivered(std::int64_t id, std::int64_t seq, std::string payload, std::string all) {
  Delivery one{.id = id, .seq = seq, .payload = std::move(payload), .all = std::move(all)};
  const std::string_view said = one.payload;
  const auto first = said.find(':'), second = said.find(':', first + 1);
  one.slot = Whole(said.substr(0, first));
  one.version = Whole(said.substr(first + 1, second - first - 1));
  return one;
}

/// All that FileSinks have written to a file, in its order.
inline std::vector<Delivery> ReadLog(const std::string& path) {
  std::vector<Delivery> all;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.back() != ';') continue;  // its writer was killed
    std::vector<std::string> parts(1);
    for (const char c : line.substr(0, line.size() - 1)) {
      c == '\t' ? static_cast<void>(parts.emplace_back()) : parts.back().push_back(c);
    }
    const auto stable = line.substr(3, line.rfind('\t') - 3);
    all.push_back(Delivered(Whole(parts.at(1)), Whole(parts.at(4)), parts.at(6), stable));
    all.back().is_alone = parts[0] == "one";
  }
  return all;
}

/// The effects of events in the order in which they came.
inline std::vector<Delivery> Effects(const grapnel::Client& client) {
  std::vector<Delivery> all;
  for (const Effect& effect :
       client.Of<Effect>().Query().Order(grapnel::Asc(F<&Effect::id>)).All()) {
    all.push_back(Delivered(effect.event, effect.seq, effect.said, effect.said));
  }
  return all;
}

/// What one sink was told, in numbers.
struct Account {
  int committed = 0, delivered = 0;
  int duplicates = 0;  // deliveries behind the first one of an event
  int lost = 0;        // committed, and never delivered
  int phantoms = 0;    // delivered, and not committed, or told by two events
  int disorder = 0;   // first deliveries that are not of the version next to the last one, or whose
                      // seq or id do not follow
  int differing = 0;  // duplicates that are not equal to the first one
  int together = 0;   // deliveries while another relay delivered one of the same key

  bool IsRight() const { return lost + phantoms + disorder + differing + together == 0; }
};

inline Account Compare(const std::vector<Entry>& journal, const std::vector<Delivery>& deliveries) {
  Account account;
  std::set<std::string> committed;
  for (const Entry& entry : journal) committed.insert(entry.said);
  account.committed = static_cast<int>(committed.size());
  std::map<std::int64_t, std::string> first;  // by id
  std::map<std::int64_t, Delivery> last;      // by slot
  std::set<std::string> told;
  for (const Delivery& one : deliveries) {
    if (!one.is_alone) ++account.together;
    const auto [at, is_first] = first.emplace(one.id, one.all);
    if (!is_first) {
      ++account.duplicates;
      if (at->second != one.all) ++account.differing;
      continue;
    }
    ++account.delivered;
    if (!committed.contains(one.payload) || !told.insert(one.payload).second) ++account.phantoms;
    Delivery& before = last[one.slot];
    if (one.version != before.version + 1 || one.seq != before.seq + 1 || one.id <= before.id) {
      ++account.disorder;
    }
    before = one;
  }
  for (const std::string& said : committed) account.lost += told.contains(said) ? 0 : 1;
  return account;
}

inline std::string Shown(const Account& account) {
  return fmt::format(
      "{} committed, {} delivered, {} again, {} lost, {} phantoms, {} out of order, "
      "{} differ, {} by two at a time",
      account.committed, account.delivered, account.duplicates, account.lost, account.phantoms,
      account.disorder, account.differing, account.together);
}

/// What is in the tables when all is delivered, and what a sink has to have been told.
struct Stored {
  std::vector<Entry> journal{};
  std::int64_t events = 0, waiting = 0;
  bool rows_fit = true;  // each thing is what the last entry of its slot says
};

inline Stored Read(const grapnel::Client& client) {
  const auto snapshot = client.ReadTx();
  Stored stored;
  stored.journal = snapshot.Of<Entry>().Query().Order(grapnel::Asc(F<&Entry::version>)).All();
  stored.events = snapshot.Of<outbox::Event>().Query().Count();
  stored.waiting =
      snapshot.Of<outbox::Lane>().Query().Where(F<&outbox::Lane::waiting> == true).Count();
  std::map<std::int64_t, std::string> last;
  for (const Entry& entry : stored.journal) last[entry.slot] = entry.said;
  std::erase_if(last, [](const auto& said) { return said.second.ends_with(":gone"); });
  for (const Thing& thing : snapshot.Of<Thing>().Query().All()) {
    const auto at = last.find(thing.slot);
    stored.rows_fit = stored.rows_fit && at != last.end() &&
                      at->second == Said(thing.slot, thing.version, thing.text);
    last.erase(thing.slot);
  }
  stored.rows_fit = stored.rows_fit && last.empty();
  return stored;
}

}  // namespace crash
