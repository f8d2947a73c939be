// redkeep history: what happened, what was done and why, from the ledger's files alone: neither a
// guard nor Redis has to run.
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/exit_code.h"
#include "app/history_text.h"
#include "app/print_error.h"
#include "error/error.h"
#include "guard/ledger_file.h"
#include "guard/ledger_reader.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

struct HistoryFlags {
  std::optional<std::string> since;
  bool json = false;
};

constexpr const char* kDataOfUp = "redkeep-data";  // where `redkeep up` keeps its ledger by default

// From the beginning without --since.
Result<WallTime> begin_of(const HistoryFlags& flags, WallTime now) {
  if (!flags.since) return WallTime{};
  const auto since = sizes::parse_duration(*flags.since);
  if (!since) return within("--since", since.error());
  return now - *since;
}

// With --data, a configuration that is broken is in nobody's way.
Result<std::string> directory_of(const ConnectionFlags& flags) {
  if (flags.data && !flags.data->empty()) return *flags.data;
  const auto settings = start(flags);
  if (!settings) return settings.error();
  const std::string& configured = settings->options.data_directory;
  return configured.empty() ? kDataOfUp : configured;
}

// To stderr: what is printed stays a history.
void tell_of_damage(const guard::LedgerReading& reading, bool is_in_use) {
  if (reading.bad_lines > 0) {
    print_error("redkeep: {} {} left out: no entry, as after a kill or a full disk\n",
                sizes::print_counted(reading.bad_lines, "line"),
                sizes::by_count(reading.bad_lines, "was", "were"));
  }
  if (reading.torn_bytes > 0 && !is_in_use) {
    print_error("redkeep: the last line was cut after {} bytes: it is left out\n",
                reading.torn_bytes);
  }
}

Result<guard::LedgerReading> read(const std::string& directory, const guard::TakeEntry& take) {
  auto reading = guard::read_ledger(directory, take);
  if (reading || reading.error().kind != ErrorKind::NotFound) return reading;
  return make_error(ErrorKind::NotFound,
                    "no guard has kept a ledger in {}: there is no {}; say where it is with --data "
                    "DIR, or have one kept with `redkeep guard --data DIR` or [ledger] directory",
                    printable(directory), printable(guard::ledger_path(directory)));
}

int print_history_json(const std::string& directory, WallTime from) {
  const bool is_in_use = guard::is_ledger_in_use(directory);
  const guard::TakeEntry print = [from](std::string_view line, const guard::LedgerEntry& entry) {
    if (entry.when >= from) fmt::print("{}\n", line);
  };
  const auto reading = read(directory, print);
  if (!reading) return fail(reading.error());
  tell_of_damage(*reading, is_in_use);
  return 0;
}

int print_history_text(const std::string& directory, WallTime from, WallTime now) {
  const bool is_in_use = guard::is_ledger_in_use(directory);
  std::vector<guard::LedgerEntry> entries;
  const guard::TakeEntry take = [&entries](std::string_view, guard::LedgerEntry entry) {
    entries.push_back(std::move(entry));
  };
  const auto reading = read(directory, take);
  if (!reading) return fail(reading.error());
  tell_of_damage(*reading, is_in_use);
  if (entries.empty()) {
    fmt::print("the ledger in {} is empty\n", printable(directory));
    return 0;
  }
  const WallTime to = is_in_use ? now : entries.back().when;
  const History history = history_of(entries, from, to);
  fmt::print("period     {} to {}: {} entries of the ledger's {}\n",
             print_local(std::max(from, entries.front().when)), print_local(to),
             sizes::print_count(history.summary.entries), sizes::print_count(std::ssize(entries)));
  fmt::print("ledger     {}; {}\n", printable(directory),
             is_in_use ? "a guard is writing it" : "no guard is writing it now");
  fmt::print("{}{}", print_summary(history.summary), print_lines(history.lines));
  return 0;
}

int run_history(const ConnectionFlags& connection, const HistoryFlags& flags) {
  const auto now = std::chrono::system_clock::now();
  const auto from = begin_of(flags, now);
  if (!from) return fail(from.error());
  const auto directory = directory_of(connection);
  if (!directory) return fail(directory.error());
  return flags.json ? print_history_json(*directory, *from)
                    : print_history_text(*directory, *from, now);
}

}  // namespace

void register_history(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "history",
      "What happened, what was done and why, how much came free: from the ledger's files\n"
      "Example: redkeep history --since 2h --data redkeep-data");
  const auto flags = std::make_shared<HistoryFlags>();
  command->add_option("--since", flags->since, "Only what is not older, such as 30m, 2h or 7d");
  command->add_flag("--json", flags->json, "The entries as they are in the file, one a line");
  command->add_option("--data", line.flags.data,
                      "Directory that the ledger is kept in (default: [ledger] directory, else "
                      "redkeep-data)");
  command->add_option("--config", line.flags.config_file,
                      "Configuration (default: ./redkeep.toml, /etc/redkeep/redkeep.toml)");
  command->callback(
      [&line, flags] { line.action = [&line, flags] { return run_history(line.flags, *flags); }; });
}

}  // namespace redkeep::app
