// redkeep stats: keys and bytes by class, counted exactly or estimated from a sample, and what that
// cost the server.
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "app/census_file.h"
#include "app/census_taking.h"
#include "app/command_line.h"
#include "app/exit_code.h"
#include "app/progress_line.h"
#include "app/status_text.h"
#include "census/census_state.h"
#include "error/error.h"
#include "guard/lease.h"
#include "keys/key_schema.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

// Counting so many takes some four seconds; beyond it a sample is taken unless --exact is given.
constexpr std::int64_t kExactUpTo = 2'000'000;
// Sizes and TTLs are those of every fourth key of a sample: asking for them takes a server twice as
// long as telling the name, by which all keys are counted.
constexpr std::uint64_t kAskOneIn = 4;
// With a budget a step should be short for those who wait behind it, too.
constexpr std::size_t kBudgetPageKeys = 100;

struct StatsFlags {
  bool json = false;
  bool exact = false;
  bool sample = false;
  bool no_ttl = false;
  std::size_t sample_keys = census::SampleOptions{}.keys;
  std::string budget;
  std::string resume;
  double duty = 1.0;  // of the budget
};

class Stats {
 public:
  Stats(const Settings& settings, const StatsFlags& flags, const keys::ClassTable& table,
        std::shared_ptr<redis::Client> client)
      : settings_(settings), flags_(flags), table_(table), client_(std::move(client)) {}

  asio::awaitable<Result<CensusReport>> take(std::stop_token stop) {
    auto report = co_await take_some_way(std::move(stop));
    progress_.clear();
    if (!report) co_return keep(report.error());
    if (keeps()) remove_census_file(flags_.resume);
    co_return report;
  }

 private:
  bool keeps() const { return !flags_.resume.empty(); }

  asio::awaitable<Result<CensusReport>> take_some_way(std::stop_token stop) {
    if (keeps()) {
      if (const Status writable = check_census_file(flags_.resume); !writable) {
        co_return writable.error();
      }
    }
    auto ground = co_await look_around(client_, settings_.options);
    if (!ground) co_return ground.error();
    const bool by_sample =
        flags_.sample || (!flags_.exact && !keeps() && ground->keys > kExactUpTo);
    if (by_sample) co_return co_await estimate(std::move(*ground), std::move(stop));
    co_return co_await count(std::move(*ground), std::move(stop));
  }

  std::function<void(std::int64_t)> show(std::int64_t of) {
    return [this, of](std::int64_t keys) {
      progress_.show("counting", keys,
                     of > 0 ? static_cast<double>(keys) / static_cast<double>(of) : -1);
    };
  }

  asio::awaitable<Result<CensusReport>> estimate(CensusGround ground, std::stop_token stop) {
    census::SampleOptions options;
    options.keys = flags_.sample_keys;
    options.ask_one_in = kAskOneIn;
    options.duty = flags_.duty;
    options.seed = std::random_device{}();
    auto progress = show(census::keys_to_look_at(options, ground.keys));
    co_return co_await take_sampled_report(client_, settings_.options, table_, std::move(ground),
                                           options, std::move(stop), std::move(progress));
  }

  asio::awaitable<Result<CensusReport>> count(CensusGround ground, std::stop_token stop) {
    census::CensusOptions options;
    options.with_bytes = ground.capabilities.memory_usage;
    options.with_details = true;
    options.with_ttl = !flags_.no_ttl && ground.may_ask_ttl;
    options.duty = flags_.duty;
    if (flags_.duty < 1) options.page_keys = kBudgetPageKeys;
    options.state = &state_;
    subject_ = {ground.capabilities.run_id, settings_.options.endpoint.database, table_.prefix(),
                options.with_bytes, options.with_ttl};
    population_keys_ = ground.keys;
    if (keeps()) {
      auto left = read_census_file(flags_.resume, subject_, table_);
      if (!left) co_return left.error();
      state_ = std::move(*left);
      const auto before = keys_of(state_.counted.classes, state_.counted.unclassified_keys);
      progress_.go_on_from(before, static_cast<double>(before) /
                                       static_cast<double>(std::max<std::int64_t>(ground.keys, 1)));
    }
    const std::string begun_at = state_.cursor;
    auto progress = show(ground.keys);
    auto census = co_await census::take_census(client_, table_, options, std::move(stop),
                                               std::move(progress));
    went_on_ = state_.cursor != begun_at;
    if (!census) co_return census.error();
    auto report = report_of(*census, options);
    report.cost_is_of_last_part = !begun_at.empty();
    report.ttl_is_refused = !flags_.no_ttl && !ground.may_ask_ttl;
    co_return co_await complete_report(client_, settings_.options, std::move(ground),
                                       std::move(report), std::move(census->classes),
                                       census->unclassified_keys);
  }

  CensusReport report_of(census::Census& census, const census::CensusOptions& options) const {
    CensusReport report;
    report.with_bytes = options.with_bytes;
    report.with_ttl = options.with_ttl;
    report.population_keys = population_keys_;
    report.may_count_twice = census.may_count_twice;
    report.details = std::move(census.details);
    report.longest_exchange = census.longest_exchange;
    report.took = census.took;
    report.keys = keys_of(census.classes, census.unclassified_keys);
    return report;
  }

  static std::int64_t keys_of(const std::vector<ClassUse>& classes, std::int64_t keys) {
    for (const auto& use : classes) keys += use.keys;
    return keys;
  }

  // A pass that did not come to its end: told as an error, since its numbers are not those of the
  // whole. Where it got somewhere, that is kept, whatever the reason.
  Error keep(const Error& reason) const {
    if (!went_on_) return reason;
    const auto keys = keys_of(state_.counted.classes, state_.counted.unclassified_keys);
    const bool was_asked = reason.kind == ErrorKind::Interrupted;
    const std::string so_far =
        fmt::format("{}stopped after {} of about {} keys", was_asked ? "" : reason.message + "; ",
                    sizes::print_count(keys), sizes::print_count(population_keys_));
    if (!keeps()) {
      return was_asked
                 ? Error{reason.kind, so_far + "; with --resume FILE it could be gone on with"}
                 : reason;
    }
    const Status written = write_census_file(flags_.resume, subject_, state_);
    if (!written) return within(so_far, written.error());
    return make_error(reason.kind, "{}; the same command goes on from {}", so_far,
                      printable(flags_.resume));
  }

  const Settings& settings_;
  const StatsFlags& flags_;
  const keys::ClassTable& table_;
  std::shared_ptr<redis::Client> client_;
  ProgressLine progress_{"keys"};
  // Of an exact count:
  census::CensusSubject subject_;
  census::CensusState state_;
  std::int64_t population_keys_ = 0;
  bool went_on_ = false;  // since the file that it began with
};

asio::awaitable<int> run_stats(asio::io_context& context, const Settings& settings,
                               const StatsFlags& flags, std::stop_token stop) {
  const auto table = keys::ClassTable::compile(settings.options.prefix, settings.options.classes);
  if (!table) co_return fail(table.error());
  const auto client = redis::Client::create(context.get_executor(), settings.options.endpoint);
  Stats stats(settings, flags, *table, client);
  const auto report = co_await stats.take(stop);
  if (!report) co_return fail(report.error());
  const keys::KeySchema schema(settings.options.prefix);
  const auto lease = co_await guard::read_lease(client, schema.guard("lease"));
  client->close();
  // Who may not read it can still be told the rest.
  if (!lease && lease.error().kind != ErrorKind::NotPermitted) co_return fail(lease.error());
  if (flags.json) {
    fmt::print("{}\n", census_json(*report));
  } else {
    fmt::print("{}{}", status_text(report->statistics, lease), census_text(*report));
  }
  co_return 0;
}

// --budget 1% is a hundredth of the time.
Status read_budget(StatsFlags& flags) {
  if (flags.budget.empty()) return {};
  const auto pct = sizes::parse_pct(flags.budget);
  if (!pct) return within("--budget", pct.error());
  constexpr double kLeastPct = 0.01;
  if (*pct < kLeastPct) {
    return make_error(ErrorKind::InvalidInput, "--budget: at least 0.01%, or it would never end");
  }
  flags.duty = *pct / 100;
  return {};
}

void add_flags(CLI::App& command, StatsFlags& flags) {
  auto* exact = command.add_flag("--exact", flags.exact, "Count every key, however many there are");
  auto* sample = command.add_flag("--sample", flags.sample,
                                  "Estimate from a sample, with 95 % intervals; the default above "
                                  "2,000,000 keys");
  exact->excludes(sample);
  command.add_flag("--no-ttl", flags.no_ttl,
                   "Do not ask how long keys have to live: a fifth less work for the server");
  command.add_option("--budget", flags.budget,
                     "The share of one core's time that may be taken, such as 1%");
  auto* resume = command.add_option("--resume", flags.resume,
                                    "File: where a count that is stopped is kept, and gone on "
                                    "from");
  resume->excludes(sample);
  command
      .add_option("--sample-keys", flags.sample_keys,
                  "How many keys a sample has (default 16000: shares of keys within 0.8 points); "
                  "sizes and TTLs are those of every fourth")
      ->check(CLI::Range(100, 1'000'000))
      ->excludes(exact)
      ->excludes(resume);
  command.add_flag("--json", flags.json, "One JSON object instead of text");
}

}  // namespace

void register_stats(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "stats",
      "Keys and bytes by class, exact or from a sample, and what that cost the server\n"
      "Example: redkeep stats --sample --url unix:///run/redis.sock");
  const auto flags = std::make_shared<StatsFlags>();
  add_connection_flags(*command, line.flags);
  add_flags(*command, *flags);
  command->callback([&line, flags] {
    line.action = [&line, flags] {
      const auto settings = start(line.flags);
      if (!settings) return fail(settings.error());
      const Status budget = read_budget(*flags);
      if (!budget) return fail(budget.error());
      return run_to_end([&](asio::io_context& context, std::stop_token stop) {
        return run_stats(context, *settings, *flags, stop);
      });
    };
  });
}

}  // namespace redkeep::app
