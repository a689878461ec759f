#include "benchmark/peers/compare.hpp"

#include "benchmark/account.hpp"
#include "benchmark/raw.hpp"

namespace benchmark {

std::string AccountTable() { return TableText(); }

void CompareCreate(Report& report, const Peer& peer) {
  constexpr std::size_t kCount = 5'000;
  const auto their_time = [&] { return peer.time_create(kCount); };
  const Client client = OpenFilled();
  const Compared both = Interleave(their_time, [&] { return TimeCreate(client, kCount); });
  report.push_back({"vs_" + peer.name, both.ratio, NoTarget(), Duration(both.theirs),
                    Duration(both.ours), peer.text + ", create in a transaction; its time / ours"});
  Raw raw(AccountTable());
  const Compared bare = Interleave(their_time, [&] { return raw.TimeCreate(kCount); });
  report.push_back({"vs_" + peer.name + "_raw", bare.ratio, NoTarget(), Duration(bare.theirs),
                    Duration(bare.ours), peer.text + ", and raw SQLite in place of Grapnel"});
}

}  // namespace benchmark
