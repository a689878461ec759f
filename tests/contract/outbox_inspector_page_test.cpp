// The page of the example outbox_inspector, in a browser: what it shows, and that nothing that came
// from elsewhere does anything in it.
#include "contract/outbox_inspector_model.hpp"
#include "support/catch.hpp"
#include "support/service.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <utility>
#include <vector>

using namespace inspected;

namespace {

const Needs needs{"chromium"};

std::string ContentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A browser that is started for each page, with a folder of its own.
struct Browser {
  Scratch profile{};

  Ran Open(const std::string& page, Lines options) const {
    Lines command{"chromium",
                  "--headless",
                  "--no-sandbox",
                  "--disable-gpu",
                  "--disable-dev-shm-usage",
                  "--user-data-dir=" + profile.Folder().string(),
                  "--virtual-time-budget=2000"};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back("file://" + page);
    return Program(std::move(command)).End(120s);
  }
  /// What has become of the page, scripts and all.
  std::string Dom(const std::string& page) const {
    const Ran ran = Open(page, {"--dump-dom"});
    INFO(ran.err);
    REQUIRE(ran.code == 0);
    REQUIRE(ran.out.find("</html>") != std::string::npos);
    return ran.out;
  }
};

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}
/// The text of a part of a DOM, as it is seen.
std::string TextOf(const std::string& html) {
  std::string text = std::regex_replace(html, std::regex("<[^>]*>"), "");
  for (const auto& [entity, is] :
       {std::pair("&lt;", "<"), {"&gt;", ">"}, {"&quot;", "\""}, {"&nbsp;", " "}, {"&amp;", "&"}}) {
    text = Replaced(std::move(text), entity, is);
  }
  return text;
}
/// The rows of the table with that id, heading first.
std::vector<Lines> RowsOf(const std::string& dom, const std::string& table) {
  std::vector<Lines> rows;
  const std::size_t start = dom.find("<table id=\"" + table + "\">");
  if (start == std::string::npos) return rows;
  const std::string html = dom.substr(start, dom.find("</table>", start) - start);
  for (std::size_t at = 0; (at = html.find("<tr>", at)) != std::string::npos; ++at) {
    const std::string row = html.substr(at, html.find("</tr>", at) - at);
    const std::regex cell("<t[hd][^>]*>(.*?)</t[hd]>");
    Lines& cells = rows.emplace_back();
    for (std::sregex_iterator each(row.begin(), row.end(), cell), end; each != end; ++each) {
      cells.push_back(TextOf((*each)[1]));
    }
  }
  return rows;
}
std::string TitleOf(const std::string& dom) {
  std::smatch found;
  return std::regex_search(dom, found, std::regex("<title>(.*?)</title>")) ? found[1].str() : "";
}

struct InBrowser : Inspected {
  const Browser browser{};
  const std::string page = scratch.File("page.html");

  std::string Dom(Lines options = {}) const {
    options.insert(options.end(), {"--html", page});
    const Ran ran = Inspect(std::move(options));
    INFO(ran.err);
    REQUIRE(ran.code == 0);
    CHECK(ran.out.empty());
    return browser.Dom(page);
  }
};

}  // namespace

TEST_CASE_METHOD(InBrowser, "B257 the page shows lag by key, dead letters by error, and ages") {
  using std::chrono::floor;
  const grapnel::extras::Clock::Time real = grapnel::extras::Clock::Now();
  const auto ago = [&](auto age, auto write) {
    const grapnel::extras::ScopedClock clock([=] { return real - age; });
    write();
  };
  ago(50h, [&] {
    for (const char* key : {"order 1", "order 2", "order 3"}) Append("mail", key, "paid");
    Refuse("mail", "550 no such mailbox");
    Append("mail", "order 4", "paid");
    Refuse("mail", "timeout");
  });
  ago(5h, [&] {
    Append("mail", "order 1", "sent");
    Append("mail", "order 1", "sent");
    Append("search", "order 9", "paid");
  });
  ago(150min, [&] { Append("search", "order 8", "paid"); });
  ago(30min, [&] { Append("search", "order 7", "paid"); });

  const std::string dom = Dom();
  INFO(dom);
  CHECK(TitleOf(dom) == "Outbox");
  CHECK(RowsOf(dom, "sinks") ==
        std::vector<Lines>{{"Sink", "Pending", "Lag", "Dead letters", "Blocked keys"},
                           {"mail", "2", "5 h", "4", "4"},
                           {"search", "3", "5 h", "0", "0"}});
  CHECK(RowsOf(dom, "ages") == std::vector<Lines>{{"Age", "Events", ""},
                                                  {"up to 10 s", "0", ""},
                                                  {"10 s to 1 min", "0", ""},
                                                  {"1 to 10 min", "0", ""},
                                                  {"10 min to 1 h", "1", ""},
                                                  {"1 h to 1 day", "4", ""},
                                                  {"1 day and more", "0", ""}});
  CHECK(RowsOf(dom, "keys") ==
        std::vector<Lines>{{"Key", "Sink", "Pending", "State", "Lag", ""},
                           {"order 1", "mail", "2", "blocked by a dead letter", "5 h", ""},
                           {"order 9", "search", "1", "waits for a relay", "5 h", ""},
                           {"order 8", "search", "1", "waits for a relay", "2 h", ""},
                           {"order 7", "search", "1", "waits for a relay", "30 min", ""}});
  CHECK(RowsOf(dom, "dead") == std::vector<Lines>{{"Error", "Sink", "Letters", "Oldest"},
                                                  {"550 no such mailbox", "mail", "3", "2 days"},
                                                  {"timeout", "mail", "1", "2 days"}});
  const auto letters = RowsOf(dom, "letters");
  REQUIRE(letters.size() == 5);
  CHECK(letters[4] == Lines{"4", "mail", "order 4", "changed", "1", "2 days", "timeout"});
  CHECK(RowsOf(Dom({"--top", "1"}), "keys").size() == 2);

  // It asks for nothing else, has headings, and each cell a heading of its row and its column.
  const std::string html = ContentOf(page);
  for (const char* outside : {"http:", "https:", "src=", "href=", "url(", "@import", "<script"}) {
    CHECK(html.find(outside) == std::string::npos);
  }
  CHECK(html.find("<html lang=\"en\">") != std::string::npos);
  CHECK(std::regex_search(html, std::regex("<th scope=\"col\"[^>]*>Sink</th>")));
  CHECK(std::regex_search(html, std::regex("<th scope=\"row\"[^>]*><bdi>mail</bdi></th>")));
  CHECK(html.find("prefers-color-scheme: dark") != std::string::npos);
  CHECK(html.find("@media print") != std::string::npos);

  const std::string picture = scratch.File("page.png");
  CHECK(browser.Open(page, {"--screenshot=" + picture, "--window-size=1100,1200"}).code == 0);
  CHECK(ContentOf(picture).starts_with("\x89PNG"));
  CHECK(std::filesystem::file_size(picture) > 20'000);  // it is not empty
}

TEST_CASE_METHOD(InBrowser, "B257 an outbox that is empty has a page that says so") {
  const std::string dom = Dom();
  CHECK(dom.find("Nothing waits, and there are no dead letters.") != std::string::npos);
  CHECK(RowsOf(dom, "sinks").empty());
}

TEST_CASE_METHOD(InBrowser, "B257 what is hostile in the outbox is text in the page, and no more") {
  const std::string hostile = Hostile();
  client.Of<Event>()
      .Create({.sink = hostile,
               .key = hostile,
               .type = hostile,
               .payload = hostile,
               .error = hostile,
               .dead = true})
      .Save();
  Append("mail", hostile, hostile);
  for (const bool with_payloads : {false, true}) {
    const std::string dom = Dom(with_payloads ? Lines{"--payloads"} : Lines{});
    CAPTURE(dom);
    CHECK(TitleOf(dom) == "Outbox");
    CHECK_FALSE(std::regex_search(dom, std::regex("<(script|img)|<[^>]* on[a-z]+=")));
    CHECK(dom.find('\x1b') == std::string::npos);
    CHECK(dom.find("\u202e") == std::string::npos);
    const auto rows = RowsOf(dom, "letters");
    REQUIRE(rows.size() == 2);
    REQUIRE(rows[1].size() == 7);
    for (const std::size_t cell : {1U, 2U, 3U, 6U}) {
      CHECK(rows[1][cell].starts_with("\"><script>document.title='owned'</script><img src=x"));
      CHECK(rows[1][cell].find("onmouseover='x&amp;\\u001b[2J") != std::string::npos);
    }
  }

  // It is the escaping, not the page's ban on scripts alone; and a browser that is given one runs
  // it.
  const std::string html = ContentOf(page);
  const std::string unbanned = std::regex_replace(html, std::regex("<meta http-equiv=[^>]*>"), "");
  CHECK(unbanned != html);
  std::ofstream(page, std::ios::binary) << unbanned;
  CHECK(TitleOf(browser.Dom(page)) == "Outbox");
  std::ofstream(page, std::ios::binary) << unbanned << kHostile;
  CHECK(TitleOf(browser.Dom(page)) == "owned");
}
