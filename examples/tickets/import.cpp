#include "import.hpp"

#include "entities.hpp"
#include "notify.hpp"

#include <fmt/format.h>
#include <grapnel/grapnel.hpp>

#include <charconv>
#include <istream>
#include <iterator>
#include <map>
#include <string_view>
#include <system_error>
#include <vector>

using grapnel::F;

namespace {

constexpr std::int64_t kPortion = 1'000, kProgress = 10'000;

using Agents = std::map<std::string, std::int64_t, std::less<>>;  // ids by email

/// The text up to the next comma, which it takes away from the line.
std::string_view NextCell(std::string_view& line) {
  const auto comma = line.find(',');
  const std::string_view cell = line.substr(0, comma);
  line.remove_prefix(comma == std::string_view::npos ? line.size() : comma + 1);
  return cell;
}

Ticket Parse(std::string_view line, std::int64_t number, const Agents& agents) {
  Ticket ticket;
  ticket.title = NextCell(line);
  const std::string_view priority = NextCell(line), email = NextCell(line);
  const char* const end = priority.data() + priority.size();
  const auto [stop, error] = std::from_chars(priority.data(), end, ticket.priority);
  if (error != std::errc() || stop != end) throw ImportError(number, "no priority");
  if (email.empty()) return ticket;
  const auto agent = agents.find(email);
  if (agent == agents.end()) throw ImportError(number, fmt::format("who is {}?", email));
  ticket.agent = grapnel::One<Agent>(agent->second);
  return ticket;
}

}  // namespace

ImportError::ImportError(std::int64_t number, const std::string& reason)
    : runtime_error(fmt::format("line {}: {}", number, reason)), line(number) {}

std::int64_t ImportTickets(const grapnel::Client& client, std::istream& csv,
                           const std::function<void(std::int64_t rows)>& progress) {
  return client.With(Quiet{}).WithTx([&](grapnel::Tx& tx) {
    Agents agents;
    for (const Agent& agent : tx.Of<Agent>().Query()) agents.emplace(agent.email, agent.id);

    std::int64_t rows = 0;
    std::vector<Ticket> portion;
    const auto save = [&] {
      try {  // Omit: the rule of tenants says whose they are
        tx.Of<Ticket>().CreateBulk(portion).Omit(F<&Tenanted::organisation>).Save();
      } catch (const grapnel::ValidationError& error) {
        const auto row = static_cast<std::int64_t>(error.Row().value_or(0));
        throw ImportError(rows + row + 1, error.what());
      }
      rows += std::ssize(portion);
      portion.clear();
      if (rows % kProgress == 0) progress(rows);
    };
    for (std::string line; std::getline(csv, line);) {
      const auto number = rows + std::ssize(portion) + 1;
      portion.push_back(Parse(line, number, agents));
      if (portion.size() == kPortion) save();
    }
    if (!portion.empty()) save();
    return rows;
  });
}
