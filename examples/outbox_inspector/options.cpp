#include "options.hpp"

#include <charconv>
#include <cstddef>
#include <string_view>
#include <system_error>
#include <utility>

namespace {

/// The arguments, from the first to the last.
class Arguments {
 public:
  explicit Arguments(const std::vector<std::string>& all) : all_(all) {}

  bool AtEnd() const { return next_ == all_.size(); }
  const std::string& Take() { return all_[next_++]; }
  const std::string& ValueOf(const std::string& option) {
    if (AtEnd()) throw UsageError(option + " needs a value");
    return Take();
  }
  std::int64_t NumberOf(const std::string& option, std::int64_t least, std::int64_t most) {
    return Number(option, ValueOf(option), least, most);
  }
  /// The next argument where it is a number, else `otherwise`.
  std::int64_t NumberOr(const std::string& option, std::int64_t least, std::int64_t most,
                        std::int64_t otherwise) {
    if (AtEnd() || all_[next_].starts_with("--")) return otherwise;
    return Number(option, Take(), least, most);
  }

 private:
  static std::int64_t Number(const std::string& option, const std::string& text, std::int64_t least,
                             std::int64_t most) {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || at != end || number < least || number > most) {
      throw UsageError(option + " needs a number from " + std::to_string(least) + " to " +
                       std::to_string(most));
    }
    return number;
  }

  const std::vector<std::string>& all_;
  std::size_t next_ = 0;
};

void SetAction(Options& options, Options::Action action) {
  if (options.action != Options::Action::Show) {
    throw UsageError("--replay, --discard and --prune are three calls");
  }
  options.action = action;
}

void Check(const Options& options) {
  using Action = Options::Action;
  if (options.file && options.conninfo) throw UsageError("--db and --postgres are two databases");
#ifndef OUTBOX_INSPECTOR_WITH_POSTGRES
  if (options.conninfo) throw UsageError("this program was built without PostgreSQL");
#endif
  const bool is_about_letters =
      options.action == Action::Replay || options.action == Action::Discard;
  const bool has_filter = options.error || options.key || options.id;
  if ((has_filter || options.all) && !is_about_letters) {
    throw UsageError("--error, --key, --id and --all go with --replay or --discard");
  }
  if (options.all && has_filter) throw UsageError("--all takes no other letters into account");
  if (options.action == Action::Discard && !has_filter && !options.all) {
    throw UsageError("--discard needs --error, --key or --id; or --all, for all of the sink");
  }
  if (options.action != Action::Show && (options.html || options.watch)) {
    throw UsageError("--html and --watch show, and change nothing");
  }
}

}  // namespace

Options Parsed(const std::vector<std::string>& arguments) {
  Options options;
  Arguments rest(arguments);
  while (!rest.AtEnd()) {
    const std::string option = rest.Take();
    if (option == "--db") {
      options.file = rest.ValueOf(option);
    } else if (option == "--postgres") {
      options.conninfo = rest.ValueOf(option);
    } else if (option == "--html") {
      options.html = rest.ValueOf(option);
    } else if (option == "--watch") {
      options.watch = std::chrono::seconds(rest.NumberOr(option, 1, 86400, 2));
    } else if (option == "--top") {
      options.report.most = rest.NumberOf(option, 1, 10000);
    } else if (option == "--payloads") {
      options.report.with_payloads = true;
    } else if (option == "--replay" || option == "--discard") {
      SetAction(options, option == "--replay" ? Options::Action::Replay : Options::Action::Discard);
      options.sink = rest.ValueOf(option);
    } else if (option == "--prune") {
      SetAction(options, Options::Action::Prune);
      options.age = std::chrono::days(rest.NumberOf(option, 0, 36500));
    } else if (option == "--error") {
      options.error = rest.ValueOf(option);
    } else if (option == "--key") {
      options.key = rest.ValueOf(option);
    } else if (option == "--id") {
      options.id = rest.NumberOf(option, 1, INT64_MAX);
    } else if (option == "--all") {
      options.all = true;
    } else if (option == "--help" || option == "-h") {
      options.help = true;
    } else if (!option.starts_with("-") && !options.file) {
      options.file = option;
    } else {
      throw UsageError("there is no option " + option);
    }
  }
  if (options.help || arguments.empty()) return options;
  if (!options.file && !options.conninfo) throw UsageError("it was not said which database: --db");
  Check(options);
  return options;
}

std::string Usage() {
  return "outbox_inspector: what waits in the outbox of an application\n"
         "\n"
         "  outbox_inspector [--db] FILE [--top N] [--payloads] [--watch [SECONDS]] [--html PAGE]\n"
         "      shows it, reading only; again and again; as a page\n"
         "  outbox_inspector --db FILE --replay SINK [--error TEXT] [--key KEY] [--id N]\n"
         "      has dead letters delivered again: all of the sink, or those that match\n"
         "  outbox_inspector --db FILE --discard SINK (--all | [--error TEXT] [--key KEY] [--id "
         "N])\n"
         "      deletes dead letters\n"
         "  outbox_inspector --db FILE --prune DAYS\n"
         "      deletes dead letters and keys without events that are older\n"
         "\n"
         "  --postgres CONNINFO in place of --db FILE: a PostgreSQL database\n"
         "  without any option: a demonstration on a database in memory\n"
         "\n"
         "Exit code: 0, 1 when it failed, 2 for options that make no sense.\n";
}
