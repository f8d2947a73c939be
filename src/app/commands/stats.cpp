// redkeep stats: keys and bytes by class, counted exactly or estimated from a sample, and what that
// cost the server.
#include <fmt/format.h>

#include <random>

#include "app/census_file.h"
#include "app/census_report.h"
#include "app/command_line.h"
#include "app/exit_code.h"
#include "app/progress_line.h"
#include "app/status_text.h"
#include "census/census_state.h"
#include "census/sampled_census.h"
#include "error/error.h"
#include "guard/lease.h"
#include "guard/server_statistics.h"
#include "keys/key_schema.h"
#include "redis/capabilities.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

// Counting so many takes some four seconds; beyond it a sample is taken unless --exact is given.
constexpr std::int64_t kExactUpTo = 2'000'000;
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

// What is known of the server before anything is counted.
struct Ground {
  redis::Capabilities capabilities;
  std::int64_t keys = 0;
  census::CostReading cost;
};

asio::awaitable<Result<Ground>> look_around(std::shared_ptr<redis::Client> client,
                                            const Settings& settings) {
  const keys::KeySchema schema(settings.options.prefix);
  auto found = co_await redis::probe_capabilities(client, schema.guard("probe"),
                                                  redis::ServerSettings::LeaveAlone);
  if (!found) co_return found.error();
  std::vector<std::string> ask{"DBSIZE"};
  const auto size = co_await client->call(std::move(ask));
  if (!size) co_return size.error();
  auto cost = co_await census::read_cost(client);
  if (!cost) co_return cost.error();
  co_return Ground{std::move(*found), size->integer, std::move(*cost)};
}

class Stats {
 public:
  Stats(const Settings& settings, const StatsFlags& flags, const keys::ClassTable& table,
        std::shared_ptr<redis::Client> client)
      : settings_(settings), flags_(flags), table_(table), client_(std::move(client)) {}

  asio::awaitable<Result<CensusReport>> take(std::stop_token stop) {
    auto ground = co_await look_around(client_, settings_);
    if (!ground) co_return ground.error();
    report_.with_bytes = ground->capabilities.memory_usage;
    report_.population_keys = ground->keys;
    const bool by_sample =
        flags_.sample || (!flags_.exact && flags_.resume.empty() && ground->keys > kExactUpTo);
    Status counted;
    if (by_sample) {
      counted = co_await estimate(stop);
    } else {
      counted = co_await count(*ground, stop);
    }
    progress_.clear();
    if (!counted) co_return counted.error();
    const auto after = co_await census::read_cost(client_);
    if (!after) co_return after.error();
    report_.cost = census::cost_between(ground->cost, *after);
    auto statistics = co_await guard::statistics_around(client_, settings_.options,
                                                        std::move(classes_), unclassified_keys_);
    if (!statistics) co_return statistics.error();
    report_.statistics = std::move(*statistics);
    co_return std::move(report_);
  }

 private:
  std::function<void(std::int64_t)> show(std::int64_t of) {
    return [this, of](std::int64_t keys) {
      progress_.show("counting", keys,
                     of > 0 ? static_cast<double>(keys) / static_cast<double>(of) : -1);
    };
  }

  asio::awaitable<Status> estimate(std::stop_token stop) {
    census::SampleOptions options;
    options.keys = flags_.sample_keys;
    options.with_bytes = report_.with_bytes;
    options.duty = flags_.duty;
    options.seed = std::random_device{}();
    const auto progress = show(static_cast<std::int64_t>(flags_.sample_keys));
    auto census = co_await census::take_sampled_census(client_, table_, options, stop, progress);
    if (!census) co_return census.error();
    report_.keys = census->sample.sampled_keys;
    report_.population_keys = census->sample.population_keys;
    report_.estimate = std::move(census->estimate);
    report_.details = std::move(census->details);
    report_.with_ttl = true;
    report_.longest_exchange = census->sample.longest_exchange;
    report_.took = census->sample.took;
    classes_ = std::move(census->classes);
    unclassified_keys_ = census->unclassified_keys;
    co_return Status{};
  }

  asio::awaitable<Status> count(const Ground& ground, std::stop_token stop) {
    const census::CensusSubject subject{ground.capabilities.run_id,
                                        settings_.options.endpoint.database, table_.prefix(),
                                        report_.with_bytes, !flags_.no_ttl};
    census::CensusState state;
    if (!flags_.resume.empty()) {
      auto left = read_census_file(flags_.resume, subject, table_);
      if (!left) co_return left.error();
      state = std::move(*left);
    }
    census::CensusOptions options;
    options.with_bytes = report_.with_bytes;
    options.with_details = true;
    options.with_ttl = !flags_.no_ttl;
    options.duty = flags_.duty;
    if (flags_.duty < 1) options.page_keys = kBudgetPageKeys;
    options.state = &state;
    const auto progress = show(ground.keys);
    auto census = co_await census::take_census(client_, table_, options, stop, progress);
    if (!census) {
      progress_.clear();
      if (census.error().kind != ErrorKind::Interrupted) co_return census.error();
      co_return keep(subject, state);
    }
    if (!flags_.resume.empty()) remove_census_file(flags_.resume);
    use(std::move(*census));
    co_return Status{};
  }

  void use(census::Census census) {
    report_.may_count_twice = census.may_count_twice;
    report_.details = std::move(census.details);
    report_.with_ttl = !flags_.no_ttl;
    report_.longest_exchange = census.longest_exchange;
    report_.took = census.took;
    classes_ = std::move(census.classes);
    unclassified_keys_ = census.unclassified_keys;
    report_.keys = keys_of(classes_, unclassified_keys_);
  }

  static std::int64_t keys_of(const std::vector<ClassUse>& classes, std::int64_t keys) {
    for (const auto& use : classes) keys += use.keys;
    return keys;
  }

  // A pass that was stopped: told as an error, since its numbers are not those of the whole.
  Error keep(const census::CensusSubject& subject, const census::CensusState& state) const {
    const auto keys = keys_of(state.counted.classes, state.counted.unclassified_keys);
    const std::string so_far =
        fmt::format("stopped after {} of about {} keys", sizes::print_count(keys),
                    sizes::print_count(report_.population_keys));
    if (flags_.resume.empty()) {
      return Error{ErrorKind::Interrupted,
                   so_far + "; with --resume FILE it could be gone on with"};
    }
    const Status written = write_census_file(flags_.resume, subject, state);
    if (!written) return within(so_far, written.error());
    return make_error(ErrorKind::Interrupted, "{}; the same command goes on from {}", so_far,
                      printable(flags_.resume));
  }

  const Settings& settings_;
  const StatsFlags& flags_;
  const keys::ClassTable& table_;
  std::shared_ptr<redis::Client> client_;
  ProgressLine progress_{"keys"};
  CensusReport report_;
  std::vector<ClassUse> classes_;
  std::int64_t unclassified_keys_ = 0;
};

asio::awaitable<int> run(asio::io_context& context, const Settings& settings,
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
  if (!lease) co_return fail(lease.error());
  if (flags.json) {
    fmt::print("{}\n", census_json(*report));
  } else {
    fmt::print("{}{}", status_text(report->statistics, *lease), census_text(*report));
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
                  "How many keys a sample has (default 12000: shares of keys within 0.9 points)")
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
        return run(context, *settings, *flags, stop);
      });
    };
  });
}

}  // namespace redkeep::app
