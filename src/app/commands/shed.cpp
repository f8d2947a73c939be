// redkeep shed: sheds evictable keys in order, by hand.
#include <fmt/format.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/json.hpp>

#include "app/command_line.h"
#include "app/exit_code.h"
#include "app/print_error.h"
#include "error/error.h"
#include "guard/lease.h"
#include "keys/key_schema.h"
#include "pressure/ask_memory.h"
#include "shed/shedder.h"
#include "sizes/print_json.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

struct ShedFlags {
  std::vector<std::string> classes;
  std::string to;
  std::string free;
  bool dry_run = false;
  bool json = false;
};

// Where to stop: --to a share of the limit, --free so much, or by default the stop mark.
Result<std::int64_t> stop_at_bytes(const ShedFlags& flags, const pressure::MemoryReading& reading,
                                   const PressureOptions& marks) {
  if (!flags.free.empty()) {
    const auto bytes = sizes::parse_bytes(flags.free);
    if (!bytes) return within("--free", bytes.error());
    return std::max<std::int64_t>(0, reading.used_bytes - *bytes);
  }
  double pct = marks.stop_shedding_pct;
  if (!flags.to.empty()) {
    const auto parsed = sizes::parse_pct(flags.to);
    if (!parsed) return within("--to", parsed.error());
    pct = *parsed;
  }
  if (reading.limit_bytes == 0) {
    return make_error(ErrorKind::InvalidInput,
                      "the server has no maxmemory, so there is no percentage: use --free SIZE or "
                      "--limit SIZE");
  }
  return pressure::bytes_at_mark(pct, reading.limit_bytes);
}

void print_outcome_json(const shed::ShedOutcome& outcome, bool dry_run) {
  json::array rows;
  for (const auto& row : outcome.classes) {
    rows.push_back(
        json::object{{"name", row.name},
                     {"keys", row.keys},
                     {"bytes", row.bytes},
                     {"became_persistent", row.became_persistent},
                     {"took_ms", std::chrono::round<std::chrono::milliseconds>(row.took).count()},
                     {"gone_before", row.gone_before},
                     {"too_big", row.too_big},
                     {"type_unknown", row.type_unknown}});
  }
  json::object object{{"outcome", to_string(outcome.end)},
                      {"dry_run", dry_run},
                      {"classes", std::move(rows)},
                      {"used_before_bytes", outcome.used_before_bytes},
                      {"used_after_bytes", outcome.used_after_bytes},
                      {"took_ms", outcome.took.count()}};
  if (outcome.failure) object["failure"] = outcome.failure->message;
  fmt::print("{}\n", sizes::print_json(object));
}

// Where all of a class goes its keys are not asked for their size, and what memory falls by is
// told: that of a few small keys is less than it moves by itself.
std::string bytes_of(const shed::ClassShed& row) {
  const bool is_noise = row.keys > 0 && row.bytes == 0;
  return is_noise ? "less than can be measured" : sizes::print_bytes(row.bytes);
}

void print_outcome_text(const shed::ShedOutcome& outcome, bool dry_run) {
  for (const auto& row : outcome.classes) {
    fmt::print("{:<16} {:>17}  {:>12}{}\n", row.name, sizes::print_counted(row.keys, "key"),
               bytes_of(row),
               dry_run ? "  (would be shed)"
                       : "  in " + sizes::print_duration(
                                       std::chrono::round<std::chrono::milliseconds>(row.took)));
    if (row.became_persistent > 0) {
      fmt::print("  {} without a TTL {} kept\n", sizes::print_counted(row.became_persistent, "key"),
                 dry_run ? "would be" : sizes::by_count(row.became_persistent, "was", "were"));
    }
    if (row.too_big > 0) {
      fmt::print("  {} {} left: lazyfree-lazy-expire is off, or not known\n",
                 sizes::print_counted(row.too_big, "big collection"),
                 sizes::by_count(row.too_big, "was", "were"));
    }
    if (row.type_unknown > 0) {
      fmt::print(
          "  {} {} left: TYPE is refused, and a big collection would stall the server; allow this\n"
          "  user TYPE, or CONFIG to see that lazyfree-lazy-expire is on\n",
          sizes::print_counted(row.type_unknown, "key"),
          sizes::by_count(row.type_unknown, "was", "were"));
    }
  }
  fmt::print("{}: {} -> {} in {}{}\n", shed::name_with_words(to_string(outcome.end)),
             sizes::print_bytes(outcome.used_before_bytes),
             sizes::print_bytes(outcome.used_after_bytes), sizes::print_duration(outcome.took),
             dry_run ? ", as reckoned; nothing was changed" : ", as measured");
}

// By default it is a mark that stands in no flag.
void print_goal(const pressure::MemoryReading& reading, std::int64_t stop_bytes) {
  fmt::print(
      "goal: {} used{}; now {}\n", sizes::print_bytes(stop_bytes),
      reading.limit_bytes > 0
          ? fmt::format(" ({} of the limit of {})",
                        sizes::print_pct(pressure::pct_of_limit(stop_bytes, reading.limit_bytes)),
                        sizes::print_bytes(reading.limit_bytes))
          : "",
      sizes::print_bytes(reading.used_bytes));
}

// Who asks for no class has not asked for those that only an emergency takes.
void print_classes_by_name_only(const keys::ClassTable& table) {
  std::string names;
  for (const auto& key_class : table.classes()) {
    if (key_class.shed_at == ShedAt::Critical) names += " --class " + key_class.name;
  }
  if (!names.empty()) fmt::print("Some classes go by name only:{}\n", names);
}

// A guard steps back for as long as a person sheds.
asio::awaitable<Status> take_lease(std::shared_ptr<redis::Client> client, guard::Lease& lease,
                                   std::string key) {
  const auto before = co_await guard::read_lease(client, std::move(key));
  const Status taken = co_await lease.seize();
  if (!taken) co_return taken;
  if (lease.view().stand == guard::LeaseStand::Alone) {
    print_error("{}\n", guard::describe(lease.view()));
  } else if (before && *before) {
    print_error("the lease was taken from {}, which acts again when this has ended\n",
                guard::holder_of((*before)->owner));
  }
  co_return Status{};
}

asio::awaitable<Result<shed::ShedOutcome>> plan_and_shed(
    std::shared_ptr<redis::Client> client, const Settings& settings, const ShedFlags& flags,
    const keys::ClassTable& table, shed::Shedder& shedder, std::stop_token stop) {
  const auto reading = co_await pressure::ask_memory(client, settings.options);
  if (!reading) co_return reading.error();
  const auto stop_bytes = stop_at_bytes(flags, *reading, settings.options.pressure);
  if (!stop_bytes) co_return stop_bytes.error();
  auto plan = shed::plan_for_request(flags.classes, reading->used_bytes, *stop_bytes, table);
  if (!plan) co_return plan.error();
  if (!flags.free.empty()) plan->to_free_bytes = reading->used_bytes - *stop_bytes;
  if (!flags.json) print_goal(*reading, *stop_bytes);
  const shed::ShedBudget budget{.most_time = std::chrono::hours{24}};
  const auto mode = flags.dry_run ? shed::ShedMode::DryRun : shed::ShedMode::Real;
  co_return co_await shedder.run(std::move(*plan), budget, mode, stop);
}

asio::awaitable<Result<shed::ShedOutcome>> shed_and_release(
    std::shared_ptr<redis::Client> client, const Settings& settings, const ShedFlags& flags,
    const keys::ClassTable& table, shed::Shedder& shedder, guard::Lease& lease,
    std::stop_token stop) {
  auto outcome = co_await plan_and_shed(client, settings, flags, table, shedder, stop);
  co_await lease.release();
  co_return outcome;
}

asio::awaitable<Result<shed::ShedOutcome>> shed_once(std::shared_ptr<redis::Client> client,
                                                     const Settings& settings,
                                                     const ShedFlags& flags,
                                                     const keys::ClassTable& table,
                                                     std::stop_token stop) {
  using asio::experimental::awaitable_operators::operator&&;
  const keys::KeySchema schema(settings.options.prefix);
  const auto server_settings =
      flags.dry_run ? redis::ServerSettings::LeaveAlone : redis::ServerSettings::MayChange;
  auto found = co_await redis::probe_capabilities(client, schema.guard("probe"), server_settings);
  if (!found) co_return found.error();
  if (!found->writes_refused.empty() && !flags.dry_run) {
    co_return Error{ErrorKind::ServerBusy, found->writes_refused};
  }
  for (const auto& change : found->changes) print_error("{}\n", change);
  // On a replica, which takes no writes, the shedder says that nothing is shed there.
  const bool needs_lease = !flags.dry_run && !found->is_replica;
  shed::Shedder shedder(client, table, settings.options.shed);
  shedder.use(std::move(*found));
  if (!needs_lease) {
    co_return co_await plan_and_shed(client, settings, flags, table, shedder, stop);
  }
  // Before memory is read: a guard that steps back may have shed until then, and the first script
  // that a server runs costs it 110 kB.
  guard::Lease lease(client, schema.guard("lease"), guard::lease_owner_by_hand());
  const Status taken = co_await take_lease(client, lease, schema.guard("lease"));
  if (!taken) co_return taken.error();
  shedder.only_while([&lease] { return lease.may_act(); });
  co_return co_await (shed_and_release(client, settings, flags, table, shedder, lease, stop) &&
                      lease.keep_up());
}

// Before anything is asked of the server: what is wrong with the flags is no matter of the server.
Status check_flags(const ShedFlags& flags, const Settings& settings) {
  pressure::MemoryReading some;
  some.limit_bytes = 1;
  if (const auto stop = stop_at_bytes(flags, some, settings.options.pressure); !stop) {
    return stop.error();
  }
  const auto table = keys::ClassTable::compile(settings.options.prefix, settings.options.classes);
  if (!table) return table.error();
  const auto plan = shed::plan_for_request(flags.classes, 0, 0, *table);
  return plan ? Status{} : plan.error();
}

asio::awaitable<int> run_shed(asio::io_context& context, const Settings& settings,
                              const ShedFlags& flags, std::stop_token stop) {
  const auto table = keys::ClassTable::compile(settings.options.prefix, settings.options.classes);
  if (!table) co_return fail(table.error());
  const auto client = redis::Client::create(context.get_executor(), settings.options.endpoint);
  const auto outcome = co_await shed_once(client, settings, flags, *table, stop);
  client->close();
  if (!outcome) co_return fail(outcome.error());
  if (flags.json) {
    print_outcome_json(*outcome, flags.dry_run);
  } else {
    print_outcome_text(*outcome, flags.dry_run);
    const bool is_all_taken = outcome->end == shed::ShedEnd::NothingLeft;
    if (is_all_taken && flags.classes.empty()) print_classes_by_name_only(*table);
  }
  if (outcome->failure) co_return fail(*outcome->failure);
  co_return outcome->end == shed::ShedEnd::TargetReached
      ? 0
      : static_cast<int>(ExitCode::ProblemsFound);
}

}  // namespace

void register_shed(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "shed",
      "Shed evictable keys in order, no more than needed. Turns\n"
      "lazyfree-lazy-expire on, so that big keys do not stall the server\n"
      "Example: redkeep shed --class page_cache --to 70% --dry-run");
  const auto flags = std::make_shared<ShedFlags>();
  add_connection_flags(*command, line.flags);
  command->add_option(
      "--class", flags->classes,
      "Only this class (may be repeated). Without it, those that may go at warning; sessions\n"
      "and others that go at critical only are taken by name alone: --class sessions");
  auto* to = command->add_option("--to", flags->to,
                                 "Until usage is at this, such as 70% (default: [pressure]\n"
                                 "stop_shedding)");
  command
      ->add_option("--free", flags->free, "Until keys of so many bytes have gone, such as 100MiB")
      ->excludes(to);
  command->add_flag("--dry-run", flags->dry_run, "Change nothing; say what would be shed");
  command->add_flag("--json", flags->json, "One JSON object instead of text");
  command->callback([&line, flags] {
    line.action = [&line, flags] {
      const auto settings = start(line.flags);
      if (!settings) return fail(settings.error());
      if (const auto right = check_flags(*flags, *settings); !right) return fail(right.error());
      return run_to_end([&](asio::io_context& context, std::stop_token stop) {
        return run_shed(context, *settings, *flags, stop);
      });
    };
  });
}

}  // namespace redkeep::app
