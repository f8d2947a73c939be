// redkeep plan: how much memory, and what another limit would do. Reads only.
#include <fmt/format.h>

#include <random>

#include "app/command_line.h"
#include "app/exit_code.h"
#include "app/plan_report.h"
#include "app/progress_line.h"
#include "error/error.h"
#include "plan/take_picture.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

struct PlanFlags {
  std::vector<std::string> limits;
  std::optional<double> hit_ratio_pct;
  std::optional<std::int64_t> entities;
  bool json = false;
};

Result<std::vector<std::int64_t>> parse_limits(const PlanFlags& flags) {
  std::vector<std::int64_t> limits;
  for (const auto& text : flags.limits) {
    const auto bytes = sizes::parse_bytes(text);
    if (!bytes) {
      return make_error(ErrorKind::InvalidInput, "--maxmemory: {}", bytes.error().message);
    }
    if (*bytes == 0) {
      return make_error(ErrorKind::InvalidInput,
                        "--maxmemory: 0 is no limit for Redis, and without one nothing has to go: "
                        "say a size");
    }
    limits.push_back(*bytes);
  }
  return limits;
}

asio::awaitable<Result<plan::MemoryPicture>> look_at_memory(std::shared_ptr<redis::Client> client,
                                                            const Options& options,
                                                            std::stop_token stop) {
  const auto table = keys::ClassTable::compile(options.prefix, options.classes);
  if (!table) co_return table.error();
  ProgressLine line("keys");
  const std::function<void(std::int64_t)> show = [&line](std::int64_t keys) {
    line.show("looking", keys, -1);
  };
  plan::PictureOptions how;
  how.seed = std::random_device{}();
  auto picture = co_await plan::take_picture(client, options, *table, how, stop, show);
  line.clear();
  co_return picture;
}

asio::awaitable<int> run_plan(const Settings& settings, const PlanFlags& flags,
                              std::stop_token stop) {
  const auto limits = parse_limits(flags);
  if (!limits) co_return fail(limits.error());
  const auto executor = co_await asio::this_coro::executor;
  const auto client = redis::Client::create(executor, settings.options.endpoint);
  auto picture = co_await look_at_memory(client, settings.options, std::move(stop));
  client->close();
  if (!picture) co_return fail(picture.error());
  if (flags.entities && picture->entities == 0) {
    co_return fail(make_error(ErrorKind::Refused,
                              "--entities: there is none here yet to take the measure of; load "
                              "some of the content first"));
  }
  if (flags.entities) *picture = plan::with_entities(std::move(*picture), *flags.entities);
  const PressureOptions& marks = settings.options.pressure;
  PlanReport report = plan_at_usual_limits(std::move(*picture), marks);
  report.asked_entities = flags.entities;
  if (!limits->empty()) report.limits.clear();
  for (const auto limit : *limits) {
    report.limits.push_back(plan::at_limit(report.picture, limit, marks));
  }
  if (flags.hit_ratio_pct) {
    report.asked_hit_ratio = *flags.hit_ratio_pct / 100;
    report.limit_for_hit_ratio =
        plan::limit_for_hit_ratio(report.picture, *report.asked_hit_ratio, marks);
  }
  fmt::print("{}", flags.json ? plan_json(report) + '\n' : plan_text(report));
  co_return 0;
}

}  // namespace

void register_plan(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "plan",
      "How much memory this needs, and what another limit would do, from a sample of the keys and\n"
      "how they are used; changes nothing\n"
      "Example: redkeep plan --maxmemory 1GiB --maxmemory 2GiB --entities 200000");
  const auto flags = std::make_shared<PlanFlags>();
  add_connection_flags(*command, line.flags);
  command->add_option("--maxmemory", flags->limits,
                      "What this limit would do (default: around the one that there is)");
  command
      ->add_option("--hit-ratio", flags->hit_ratio_pct,
                   "Percent: the limit that gives this hit ratio")
      ->check(CLI::Range(0.0, 100.0));
  command
      ->add_option("--entities", flags->entities,
                   "As if there were so many entities of the kind that there are")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000'000}));
  command->add_flag("--json", flags->json, "One JSON object instead of text");
  run_with_settings(line, *command, [flags](const Settings& settings, std::stop_token stop) {
    return run_plan(settings, *flags, std::move(stop));
  });
}

}  // namespace redkeep::app
