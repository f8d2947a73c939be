// redkeep top: a live view of one server, on a terminal; elsewhere one plain line each time. Reads
// only.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <random>

#include "app/command_line.h"
#include "app/exit_code.h"
#include "app/history_text.h"
#include "app/overdue.h"
#include "app/terminal.h"
#include "app/top_screen.h"
#include "census/sampled_census.h"
#include "error/error.h"
#include "guard/either_stop.h"
#include "guard/forecast_key.h"
#include "guard/lease.h"
#include "guard/ledger_file.h"
#include "guard/ledger_reader.h"
#include "guard/stop_wake.h"
#include "keys/key_schema.h"
#include "keys/level_key.h"
#include "pressure/pressure_gauge.h"
#include "redis/capabilities.h"
#include "redis/key_lookups.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

// A sample takes a server some 25 ms: a quarter of a percent of its time.
constexpr std::chrono::seconds kSampleEvery{10};
constexpr std::size_t kTopSampleKeys = 6000;
// A ledger of 16 MiB takes 0.2 s to read: after each reading so many times as long is waited.
constexpr int kLedgerRestFactor = 10;
// Growth is that of so long: from one reading to the next it would flutter.
constexpr std::chrono::seconds kGrowthOver{10};

struct TopFlags {
  std::string interval_text = "1s";
  std::chrono::milliseconds interval{1000};
  std::int64_t count = 0;  // 0: until somebody quits
};

// The counters that rates are made of, at one moment.
struct Counters {
  Clock::time_point when;
  std::int64_t used_bytes = 0;
  std::int64_t evicted = 0;
  std::int64_t expired = 0;
};

// What others make the server do: counted from the end of one look to the beginning of the next, so
// that our own sample, and what we read of the guard's, is not in it.
struct Traffic {
  Clock::time_point when;
  std::int64_t commands = 0;
  redis::KeyLookups lookups;
};
// Of the look before, INFO twice: the first of them tells of neither.
constexpr std::int64_t kOwnCommands = 2;

// Below zero after CONFIG RESETSTAT or a restart.
double rate(std::int64_t added, double seconds) {
  return std::max(0.0, static_cast<double>(added) / seconds);
}

TopRates rates_between(const Counters& before, const Counters& now) {
  const double seconds = std::chrono::duration<double>(now.when - before.when).count();
  TopRates rates;
  rates.growth_bytes_per_s = static_cast<double>(now.used_bytes - before.used_bytes) / seconds;
  rates.evicted_per_s = rate(now.evicted - before.evicted, seconds);
  rates.expired_per_s = rate(now.expired - before.expired, seconds);
  return rates;
}

void add_traffic(const Traffic& before, const Traffic& now, TopRates& rates) {
  const double seconds = std::chrono::duration<double>(now.when - before.when).count();
  rates.commands_per_s = rate(now.commands - before.commands - kOwnCommands, seconds);
  const auto added = redis::lookups_between(before.lookups, now.lookups);
  if (!added) return;
  const auto lookups = redis::lookups_of_applications(*added);
  rates.lookups_per_s = rate(lookups.hits + lookups.misses, seconds);
  if (const auto ratio = lookups.hit_ratio()) rates.hit_pct = 100 * *ratio;
}

Traffic traffic_in(const redis::ServerInfo& info) {
  return {Clock::now(), info.count("total_commands_processed").value_or(0),
          redis::read_key_lookups(info)};
}

class Top {
 public:
  Top(const Settings& settings, const keys::ClassTable& table,
      std::shared_ptr<redis::Client> client)
      : options_(settings.options),
        table_(table),
        client_(std::move(client)),
        schema_(settings.options.prefix) {
    view_.marks = options_.pressure;
    view_.with_actions = !options_.data_directory.empty();
  }

  const TopView& view() const { return view_; }

  /// Looks at everything that is due. An error is that of the reading; the rest is shown as it was.
  asio::awaitable<Status> look(std::stop_token stop) {
    tell_time();
    // A server that did not answer the last look either has been silent since then.
    if (view_.reading || view_.failure.empty()) heard_ = Clock::now();
    Status read = co_await read_memory();
    view_.no_answer_for.reset();
    if (!read) {
      view_.reading.reset();
      view_.level = PressureLevel::Blind;
      view_.failure = read.error().message;
      history_.clear();
      behind_look_.reset();
      co_return read;
    }
    co_await ask_guard();
    co_await look_at_classes(stop);
    look_at_ledger();
    const auto info = co_await ask_info("stats");
    behind_look_.reset();
    if (info) behind_look_ = traffic_in(*info);
    view_.no_answer_for.reset();
    co_return Status{};
  }

  /// While a look is under way: true if the server has been silent for a second or more, which the
  /// view then says.
  bool note_silence() {
    const auto silent = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - heard_);
    if (silent.count() < 1) return false;
    tell_time();
    view_.no_answer_for = silent;
    return true;
  }

 private:
  void tell_time() { view_.clock = fmt::format("{:%H:%M:%S}", fmt::localtime(std::time(nullptr))); }

  // A section (empty: the usual ones), and what is counted of each command.
  asio::awaitable<Result<redis::ServerInfo>> ask_info(std::string section) {
    redis::CommandBuffer ask;
    if (section.empty()) {
      ask.add({"INFO"});
    } else {
      ask.add({"INFO", section});
    }
    ask.add({"INFO", "commandstats"});
    const auto replies = co_await client_->exchange(std::move(ask));
    if (!replies) co_return replies.error();
    heard_ = Clock::now();
    const redis::Reply& first = replies->front();
    if (first.is_error()) co_return redis::error_from_reply("INFO", first);
    if (!first.is_string()) co_return redis::unexpected_reply("INFO", first);
    const std::string_view commands = (*replies)[1].string().value_or("");
    co_return redis::ServerInfo::parse(first.text + "\n" + std::string(commands));
  }

  asio::awaitable<Status> read_memory() {
    const auto info = co_await ask_info("");
    if (!info) co_return info.error();
    auto reading =
        pressure::read_memory(*info, options_.pressure.limit_bytes, options_.endpoint.database);
    if (!reading) co_return reading.error();
    view_.reading = std::move(*reading);
    view_.server = printable(redis::describe(options_.endpoint)) + ", " + info->product();
    note(*info);
    co_return Status{};
  }

  void note(const redis::ServerInfo& info) {
    const auto count = [&info](std::string_view field) { return info.count(field).value_or(0); };
    const Counters now{Clock::now(), view_.reading->used_bytes, count("evicted_keys"),
                       count("expired_keys")};
    view_.rates.reset();
    if (!history_.empty()) {
      view_.rates = rates_between(history_.back(), now);
      view_.rates->growth_bytes_per_s = rates_between(history_.front(), now).growth_bytes_per_s;
      if (behind_look_) add_traffic(*behind_look_, traffic_in(info), *view_.rates);
    }
    history_.push_back(now);
    while (now.when - history_.front().when > kGrowthOver) history_.pop_front();
  }

  // Level, lease and forecast; where the server does not say, as if there were no guard.
  asio::awaitable<void> ask_guard() {
    const auto level = co_await keys::ask_level(client_, schema_.guard("level"));
    view_.level_from_guard = level && level->has_value();
    view_.level = view_.level_from_guard ? (*level)->level
                                         : pressure::PressureGauge::instantaneous(
                                               view_.reading->usage_pct(), options_.pressure);
    const auto lease = co_await guard::read_lease(client_, schema_.guard("lease"));
    view_.lease = lease && *lease ? guard::describe(**lease) : "held by nobody";
    const auto forecast = co_await guard::read_forecast(client_, schema_.guard("forecast"));
    view_.forecast = forecast ? guard::seen_now(*forecast, view_.reading->use(), options_.pressure)
                              : std::nullopt;
  }

  asio::awaitable<void> look_at_classes(std::stop_token stop) {
    if (Clock::now() < next_sample_) co_return;
    next_sample_ = Clock::now() + kSampleEvery;
    const auto found = co_await redis::probe_capabilities(client_, schema_.guard("probe"),
                                                          redis::ServerSettings::LeaveAlone);
    if (!found) co_return;
    census::SampleOptions options;
    options.keys = kTopSampleKeys;
    options.with_bytes = found->memory_usage;
    options.with_ttl = false;
    options.seed = std::random_device{}();
    const std::function<void(std::int64_t)> heard = [this](std::int64_t) { heard_ = Clock::now(); };
    const auto census = co_await census::take_sampled_census(client_, table_, options, stop, heard);
    if (!census) {
      view_.sample = "(not known: " + census.error().message + ")";
      co_return;
    }
    view_.with_bytes = found->memory_usage;
    view_.sample =
        census->sample.is_whole
            ? ""
            : fmt::format("(sample of {} keys)", sizes::print_count(census->sample.sampled_keys));
    take_classes(*census);
  }

  void take_classes(const census::SampledCensus& census) {
    view_.classes.clear();
    for (std::size_t i = 0; i < census.estimate.groups.size(); ++i) {
      const auto& group = census.estimate.groups[i];
      if (group.sampled_keys == 0) continue;
      const bool is_class = i < census.classes.size();
      const census::Estimate& share = group.byte_share_pct;
      std::optional<double> error;
      if (!census.sample.is_whole)
        error = std::max(share.high - share.value, share.value - share.low);
      view_.classes.push_back({is_class ? census.classes[i].name : "unclassified",
                               group.key_share_pct.value, share.value, error, group.bytes.value});
    }
    std::stable_sort(
        view_.classes.begin(), view_.classes.end(), [](const TopClass& a, const TopClass& b) {
          return a.byte_share_pct != b.byte_share_pct ? a.byte_share_pct > b.byte_share_pct
                                                      : a.key_share_pct > b.key_share_pct;
        });
  }

  // Both files' sizes and times: what has not changed need not be read again.
  std::string stamp_of_ledger() const {
    std::string stamp;
    for (const auto& path : {guard::ledger_path(options_.data_directory),
                             guard::older_ledger_path(options_.data_directory)}) {
      std::error_code none;
      const auto bytes = std::filesystem::file_size(path, none);
      const auto when = std::filesystem::last_write_time(path, none).time_since_epoch().count();
      stamp += fmt::format("{} {} ", bytes, when);
    }
    return stamp;
  }

  void look_at_ledger() {
    const auto begun = Clock::now();
    if (!view_.with_actions || begun < next_ledger_) return;
    std::string stamp = stamp_of_ledger();
    if (stamp == ledger_stamp_) return;
    ledger_stamp_ = std::move(stamp);
    read_last_actions();
    next_ledger_ = Clock::now() + (Clock::now() - begun) * kLedgerRestFactor;
  }

  void read_last_actions() {
    constexpr std::size_t kMostKept = 3;
    std::deque<guard::LedgerEntry> newest;
    const guard::TakeEntry take = [&newest](std::string_view, guard::LedgerEntry entry) {
      newest.push_front(std::move(entry));
      if (newest.size() > kMostKept) newest.pop_back();
    };
    view_.actions.clear();
    const auto reading = guard::read_ledger(options_.data_directory, take);
    if (!reading) {
      view_.actions.push_back(reading.error().message);
      return;
    }
    for (const auto& entry : newest) {
      view_.actions.push_back(fmt::format(
          "{:%H:%M:%S} {} {}: {}", fmt::localtime(std::chrono::system_clock::to_time_t(entry.when)),
          guard::to_string(entry.kind), printable(entry.subject, 40), printable(entry.reason)));
    }
  }

  const Options& options_;
  const keys::ClassTable& table_;
  std::shared_ptr<redis::Client> client_;
  keys::KeySchema schema_;
  TopView view_;
  std::deque<Counters> history_;  // of kGrowthOver
  std::optional<Traffic> behind_look_;
  Clock::time_point heard_ =
      Clock::now();  // the server's last answer, or what was first unanswered
  Clock::time_point next_sample_{};
  Clock::time_point next_ledger_{};
  std::string ledger_stamp_ = "never read";
};

bool with_colours() {
  const char* refused = std::getenv("NO_COLOR");  // https://no-color.org
  return refused == nullptr || *refused == '\0';
}

void show_view(const TopView& view, const std::optional<Terminal>& terminal) {
  if (!terminal) {
    fmt::print("{}", top_line(view));
    std::fflush(stdout);
    return;
  }
  const auto size = terminal->size();
  terminal->show(top_screen(view, size.columns, size.rows, with_colours()));
}

asio::awaitable<int> run_top(asio::io_context& context, const Settings& settings,
                             const TopFlags& flags, std::stop_token stop) {
  const auto table = keys::ClassTable::compile(settings.options.prefix, settings.options.classes);
  if (!table) co_return fail(table.error());
  const auto client = redis::Client::create(context.get_executor(), settings.options.endpoint);
  Top top(settings, *table, client);
  std::stop_source quit;
  const guard::EitherStop either(stop, quit.get_token());
  const std::stop_token ended = either.token();
  guard::StopWake wake(context.get_executor(), ended, client);
  const Status first = co_await top.look(ended);
  if (!first) co_return fail(first.error());
  std::optional<Terminal> terminal;
  if (Terminal::is_there()) {
    terminal.emplace(context.get_executor(), [&quit] { quit.request_stop(); });
  }
  for (std::int64_t shown = 1; !ended.stop_requested(); ++shown) {
    show_view(top.view(), terminal);
    if (std::ferror(stdout) != 0) break;  // nobody looks any more
    if (flags.count > 0 && shown == flags.count) break;
    co_await wake.pause_for(flags.interval);
    if (ended.stop_requested()) break;
    const Overdue overdue(context.get_executor(), [&top, &terminal] {
      if (top.note_silence()) show_view(top.view(), terminal);
    });
    const Status looked = co_await top.look(ended);  // a failure is shown
    if (!looked && ended.stop_requested()) break;
  }
  client->close();
  co_return 0;
}

Status read_interval(TopFlags& flags) {
  const auto interval = sizes::parse_duration(flags.interval_text);
  if (!interval) return within("--interval", interval.error());
  constexpr std::chrono::milliseconds kLeast{100};
  if (*interval < kLeast) {
    return make_error(ErrorKind::InvalidInput, "--interval: at least 100ms");
  }
  flags.interval = *interval;
  return {};
}

}  // namespace

void register_top(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "top",
      "A live view: usage with its marks, classes, growth, evictions, level, last actions; plain\n"
      "lines where output is no terminal\n"
      "Example: redkeep top --url redis://127.0.0.1:6390 --data redkeep-data");
  const auto flags = std::make_shared<TopFlags>();
  add_connection_flags(*command, line.flags);
  command->add_option("--data", line.flags.data,
                      "Directory that a guard keeps its ledger in, for the last actions");
  command->add_option("--interval", flags->interval_text,
                      "Between two looks (default 1s; at least 100ms)");
  command->add_option("--count", flags->count, "End after so many looks")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000}));
  command->callback([&line, flags] {
    line.action = [&line, flags] {
      const auto settings = start(line.flags);
      if (!settings) return fail(settings.error());
      const Status interval = read_interval(*flags);
      if (!interval) return fail(interval.error());
      return run_to_end([&](asio::io_context& context, std::stop_token stop) {
        return run_top(context, *settings, *flags, stop);
      });
    };
  });
}

}  // namespace redkeep::app
