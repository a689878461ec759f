#include "terminal.hpp"

#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace {

/// Rows of cells, below a heading. The last column is as wide as it likes.
class Table {
 public:
  using Row = std::vector<std::string>;

  explicit Table(Row head) { rows_.push_back(std::move(head)); }
  void Add(Row row) { rows_.push_back(std::move(row)); }
  std::string Text() const {
    std::vector<std::size_t> widths(rows_.front().size(), 0);
    for (const Row& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Columns(row[i]));
    }
    std::string text;
    for (const Row& row : rows_) {
      text += ' ';
      for (std::size_t i = 0; i < row.size(); ++i) {
        text += ' ' + row[i];
        if (i + 1 < row.size()) text.append(widths[i] - Columns(row[i]) + 1, ' ');
      }
      text += '\n';
    }
    return text;
  }

 private:
  std::vector<Row> rows_{};
};

std::string Named(std::string_view name) { return Visible(name, 40); }

}  // namespace

std::string ToText(const Report& report) {
  std::string text = fmt::format("{} at {}\n", Visible(report.database), Moment(report.at));
  if (report.sinks.empty()) return text += "nothing waits, and there are no dead letters\n";

  Table sinks({"SINK", "PENDING", "LAG", "DEAD", "BLOCKED KEYS"});
  for (const auto& sink : report.sinks) {
    sinks.Add({Named(sink.sink), std::to_string(sink.pending),
               sink.pending == 0 ? "-" : Span(std::chrono::floor<std::chrono::seconds>(sink.lag)),
               std::to_string(sink.dead), std::to_string(sink.blocked)});
  }
  text += sinks.Text();

  if (!report.keys.empty()) {
    Table keys({"SINK", "KEY", "PENDING", "LAG", "STATE"});
    for (const WaitingKey& key : report.keys) {
      keys.Add({Named(key.sink), Named(key.key), std::to_string(key.pending), Span(key.lag),
                Visible(key.state)});
    }
    text += "longest waits:\n" + keys.Text();
  }
  if (!report.dead.empty()) {
    Table dead({"SINK", "LETTERS", "OLDEST", "ERROR"});
    for (const auto& group : report.dead) {
      dead.Add({Named(group.sink), std::to_string(group.count), Span(Age(report.at, group.oldest)),
                Visible(group.error)});
    }
    text += "dead letters by error:\n" + dead.Text();
    Table letters(
        {"ID", "SINK", "KEY", "TYPE", "TRIES", "AGE", report.with_payloads ? "PAYLOAD" : "ERROR"});
    for (const Letter& letter : report.letters) {
      letters.Add({std::to_string(letter.id), Named(letter.sink), Named(letter.key),
                   Named(letter.type), std::to_string(letter.attempts), Span(letter.age),
                   report.with_payloads ? letter.payload : Visible(letter.error, 60)});
    }
    text += "dead letters:\n" + letters.Text();
  }
  return text;
}
