#include "page.hpp"

#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --back: #fff; --text: #1b1f24; --soft: #57606a; --line: #d0d7de;
  --bar: #2f6fab; --bad: #b42318; --head: #f6f8fa; }
@media (prefers-color-scheme: dark) { :root { --back: #14181d; --text: #e6edf3; --soft: #9aa4af;
  --line: #333c46; --bar: #5a9bd8; --bad: #ff8a7a; --head: #1c2229; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 72rem; background: var(--back);
  color: var(--text); font: 15px/1.45 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.6rem; } h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
.soft { margin: .2rem 0 0; color: var(--soft); overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
caption { text-align: left; color: var(--soft); padding-bottom: .3rem; }
th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
thead th, thead td { background: var(--head); white-space: nowrap; }
tbody th { font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.text { overflow-wrap: anywhere; min-width: 8rem; }
tbody .mono { font-weight: 400; font-family: ui-monospace, monospace; font-size: .9em; }
.bad { color: var(--bad); font-weight: 600; }
.bar { width: 30%; min-width: 6rem; }
.state { min-width: 15rem; }
td.bar span { display: block; height: .8rem; margin-top: .25rem; min-width: 2px;
  background: var(--bar); border-radius: 2px; }
@media print { :root { color-scheme: light; --back: #fff; --text: #000; --soft: #444;
  --line: #999; --bar: #555; --bad: #000; --head: #eee; }
  body { padding: 0; max-width: none; font-size: 10pt; } .scroll { overflow: visible; }
  tr { break-inside: avoid; } h2 { break-after: avoid; } thead { display: table-header-group; }
  td.bar span, thead th, thead td { print-color-adjust: exact;
    -webkit-print-color-adjust: exact; } }
)css";

/// What came from elsewhere. Its direction of writing ends with it.
std::string Foreign(std::string_view text, std::size_t most = 200) {
  return "<bdi>" + Escaped(Visible(text, most)) + "</bdi>";
}

struct Column {
  std::string_view name;        // none: it shows again what the one before it says
  std::string_view style = "";  // a class of each of its cells
};

/// A section with a table, whose first cells are the headings of their rows.
class Section {
 public:
  Section(std::string_view id, std::string_view title, std::string_view caption,
          std::initializer_list<Column> columns)
      : columns_(columns) {
    html_ = fmt::format(
        "<section aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">{1}</h2>\n"
        "<div class=\"scroll\"><table id=\"{0}\">\n<caption>{2}</caption>\n<thead><tr>",
        id, title, caption);
    for (const Column& column : columns_) {
      html_ += column.name.empty()
                   ? fmt::format("<td{}></td>", Class(column))
                   : fmt::format("<th scope=\"col\"{}>{}</th>", Class(column), column.name);
    }
    html_ += "</tr></thead>\n<tbody>\n";
  }

  /// Cells are HTML.
  void Add(std::initializer_list<std::string> cells) {
    html_ += "<tr>";
    const Column* column = columns_.data();
    for (const std::string& cell : cells) {
      const bool is_head = column == columns_.data();
      const std::string tag = is_head ? "th" : "td";
      html_ += fmt::format("<{0}{1}{2}>{3}</{0}>", tag, is_head ? " scope=\"row\"" : "",
                           Class(*column++), cell);
    }
    html_ += "</tr>\n";
  }
  std::string Html() const { return html_ + "</tbody></table></div>\n</section>\n"; }

 private:
  static std::string Class(const Column& column) {
    return column.style.empty() ? "" : fmt::format(" class=\"{}\"", column.style);
  }

  std::vector<Column> columns_;
  std::string html_{};
};

/// The numbers stand beside it.
std::string Bar(double part) {
  if (part <= 0) return "";
  return fmt::format("<span style=\"width:{:.1f}%\"></span>", 100 * std::min(part, 1.0));
}
std::string Bad(std::int64_t count) {
  return count == 0 ? "0" : fmt::format("<span class=\"bad\">{}</span>", count);
}
double Seconds(std::chrono::seconds span) { return std::chrono::duration<double>(span).count(); }

std::string Sinks(const Report& report) {
  Section section("sinks", "Sinks", "What each sink has before it",
                  {{"Sink"},
                   {"Pending", "number"},
                   {"Lag", "number"},
                   {"Dead letters", "number"},
                   {"Blocked keys", "number"}});
  for (const auto& sink : report.sinks) {
    section.Add({Foreign(sink.sink), std::to_string(sink.pending),
                 sink.pending == 0 ? "-" : Span(std::chrono::floor<std::chrono::seconds>(sink.lag)),
                 Bad(sink.dead), Bad(sink.blocked)});
  }
  return section.Html();
}

std::string Ages(const Report& report) {
  std::int64_t most = 1;
  for (const AgeGroup& group : report.ages) most = std::max(most, group.count);
  Section section("ages", "Age", "Pending events of all sinks, by their age",
                  {{"Age"}, {"Events", "number"}, {"", "bar"}});
  for (const AgeGroup& group : report.ages) {
    section.Add({std::string(group.name), std::to_string(group.count),
                 Bar(static_cast<double>(group.count) / static_cast<double>(most))});
  }
  return section.Html();
}

std::string Keys(const Report& report) {
  const double most = report.keys.empty() ? 1 : std::max(1.0, Seconds(report.keys.front().lag));
  Section section("keys", "Lag by key", "The keys whose first event has waited for the longest",
                  {{"Key", "text mono"},
                   {"Sink"},
                   {"Pending", "number"},
                   {"State", "state"},
                   {"Lag", "number"},
                   {"", "bar"}});
  for (const WaitingKey& key : report.keys) {
    section.Add({Foreign(key.key), Foreign(key.sink), std::to_string(key.pending),
                 Escaped(key.state), Span(key.lag), Bar(Seconds(key.lag) / most)});
  }
  return section.Html();
}

std::string Dead(const Report& report) {
  Section groups("dead", "Dead letters by error", "They wait to be replayed or discarded",
                 {{"Error", "text mono"}, {"Sink"}, {"Letters", "number"}, {"Oldest", "number"}});
  for (const auto& group : report.dead) {
    groups.Add({Foreign(group.error, 1000), Foreign(group.sink), std::to_string(group.count),
                Span(Age(report.at, group.oldest))});
  }
  Section letters("letters", "Dead letters", "The oldest first",
                  {{"Event", "number"},
                   {"Sink"},
                   {"Key", "text mono"},
                   {"Type"},
                   {"Attempts", "number"},
                   {"Age", "number"},
                   {report.with_payloads ? "Payload" : "Error", "text mono"}});
  for (const Letter& letter : report.letters) {
    letters.Add({std::to_string(letter.id), Foreign(letter.sink), Foreign(letter.key),
                 Foreign(letter.type), std::to_string(letter.attempts), Span(letter.age),
                 Foreign(report.with_payloads ? letter.payload : letter.error)});
  }
  return groups.Html() + letters.Html();
}

}  // namespace

std::string ToPage(const Report& report) {
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" "
      "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Outbox</title>\n<style>{}</style>\n</head>\n<body>\n<header>\n<h1>Outbox</h1>\n"
      "<p class=\"soft\">{}, {}</p>\n</header>\n<main>\n",
      kStyle, Foreign(report.database), Moment(report.at));
  if (report.sinks.empty()) {
    page += "<p id=\"empty\">Nothing waits, and there are no dead letters.</p>\n";
  } else {
    page += Sinks(report);
  }
  if (!report.keys.empty()) page += Ages(report) + Keys(report);
  if (!report.dead.empty()) page += Dead(report);
  return page += "</main>\n</body>\n</html>\n";
}
