// The inspector of an outbox: what waits, since when, behind what, and which dead letters there
// are, in a terminal or as a page; and has them delivered again, or taken away. It opens the
// database of another program, which may be at work meanwhile. Without options it shows itself:
//
// Output:
//   demonstration at 2026-01-31 13:30:05 UTC
//     SINK    PENDING  LAG     DEAD  BLOCKED KEYS
//     mail    1        5 s     1     1
//     search  2        90 min  0     0
//   longest waits:
//     SINK    KEY      PENDING  LAG     STATE
//     search  order 7  1        90 min  waits for a relay
//     mail    order 7  1        5 s     blocked by a dead letter
//     search  order 9  1        5 s     waits for a relay
//   dead letters by error:
//     SINK  LETTERS  OLDEST  ERROR
//     mail  1        90 min  550 no such mailbox
//   dead letters:
//     ID  SINK  KEY      TYPE           TRIES  AGE     ERROR
//     1   mail  order 7  order.changed  2      90 min  550 no such mailbox
//   replayed: 1
//   demonstration at 2026-01-31 13:30:05 UTC
//     SINK    PENDING  LAG     DEAD  BLOCKED KEYS
//     search  2        90 min  0     0
//   longest waits:
//     SINK    KEY      PENDING  LAG     STATE
//     search  order 7  1        90 min  waits for a relay
//     search  order 9  1        5 s     waits for a relay

#include "demo.hpp"
#include "options.hpp"
#include "page.hpp"
#include "report.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <fmt/format.h>
#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>
#ifdef OUTBOX_INSPECTOR_WITH_POSTGRES
#include <grapnel/postgres.hpp>
#endif

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using grapnel::F;
namespace outbox = grapnel::extras::outbox;
using outbox::Event;
using outbox::Lane;

namespace {

/// A URL of SQLite's for a file that must be there.
std::string UrlOf(const std::string& file, bool writes) {
  if (!std::filesystem::exists(file)) throw std::runtime_error("there is no file " + file);
  std::string url = "file:";
  for (const char c : std::filesystem::absolute(file).string()) {
    if (c == '?' || c == '#' || c == '%') {
      url += fmt::format("%{:02X}", static_cast<unsigned>(c));
    } else {
      url += c;
    }
  }
  return url + (writes ? "?mode=rw" : "?mode=ro");
}

/// Never migrates: the tables are the other program's.
Outbox Opened(const Options& options) {
#ifdef OUTBOX_INSPECTOR_WITH_POSTGRES
  if (options.conninfo) return grapnel::OpenPostgres<Event, Lane>(*options.conninfo, {.pool = 2});
#endif
  const bool writes = options.action != Options::Action::Show;
  return grapnel::Open<Event, Lane>(UrlOf(*options.file, writes));
}

/// The page is there as a whole or not at all, so that who reloads it sees no half of one.
void Write(const std::string& page, const std::string& path) {
  const std::string unfinished = path + ".new";
  std::ofstream file(unfinished, std::ios::binary);
  file << page;
  file.close();
  if (!file) throw std::runtime_error("the page cannot be written to " + path);
  std::filesystem::rename(unfinished, path);
}

void Show(const Outbox& client, const Options& options) {
  const std::string name = options.file.value_or("PostgreSQL");
  while (true) {
    const Report report = Look(client, name, options.report);
    if (options.html) {
      Write(ToPage(report), *options.html);
    } else {
      const bool is_terminal = options.watch && isatty(STDOUT_FILENO) == 1;
      fmt::print("{}{}", is_terminal ? "\x1b[H\x1b[2J" : "", ToText(report));
      std::fflush(stdout);
    }
    if (!options.watch) return;
    std::this_thread::sleep_for(*options.watch);
  }
}

/// The letters that the options are about.
auto Chosen(const Options& options) {
  auto which = F<&Event::sink> == options.sink;
  if (options.error) which = which && F<&Event::error> == *options.error;
  if (options.key) which = which && F<&Event::key> == *options.key;
  if (options.id) which = which && F<&Event::id> == *options.id;
  return which;
}

void Run(const Options& options) {
  if (options.help) {
    fmt::print("{}", Usage());
    return;
  }
  if (!options.file && !options.conninfo) {
    Demonstrate();
    return;
  }
  const Outbox client = Opened(options);
  switch (options.action) {
    case Options::Action::Show:
      Show(client, options);
      break;
    case Options::Action::Replay:
      fmt::print("replayed: {}\n", outbox::Replay(client, Chosen(options)));
      break;
    case Options::Action::Discard:
      fmt::print("discarded: {}\n", outbox::Discard(client, Chosen(options)));
      break;
    case Options::Action::Prune: {
      const outbox::Pruned pruned = outbox::Prune(client, options.age);
      fmt::print("pruned: {} dead letters, {} keys\n", pruned.letters, pruned.lanes);
      break;
    }
  }
}

/// Returns: the exit code.
int Fail(const std::string& why, int code) {
  fmt::print(stderr, "outbox_inspector: {}\n", Visible(why));
  return code;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    Run(Parsed({arguments + 1, arguments + count}));
  } catch (const UsageError& error) {
    const int code = Fail(error.what(), 2);
    fmt::print(stderr, "\n{}", Usage());
    return code;
  } catch (const grapnel::SchemaError& error) {
    return Fail(std::string("there is no outbox in it that this program knows: ") + error.what(),
                1);
  } catch (const std::exception& error) {
    return Fail(error.what(), 1);
  }
  return 0;
}
