#include "app/census_taking.h"

#include "census/sampled_census.h"
#include "guard/server_statistics.h"
#include "keys/key_schema.h"

namespace redkeep::app {

namespace asio = boost::asio;

asio::awaitable<Result<CensusGround>> look_around(std::shared_ptr<redis::Client> client,
                                                  const Options& options) {
  const keys::KeySchema schema(options.prefix);
  auto found = co_await redis::probe_capabilities(client, schema.guard("probe"),
                                                  redis::ServerSettings::LeaveAlone);
  if (!found) co_return found.error();
  redis::CommandBuffer ask;
  ask.add({"DBSIZE"});
  ask.add({"PTTL", schema.guard("probe")});
  ask.add({"TYPE", schema.guard("probe")});
  const auto answers = co_await client->exchange(std::move(ask));
  if (!answers) co_return answers.error();
  const redis::Reply& size = answers->front();
  if (size.is_error()) co_return redis::error_from_reply("DBSIZE", size);
  auto cost = co_await census::read_cost(client);
  if (!cost) co_return cost.error();
  CensusGround ground;
  ground.capabilities = std::move(*found);
  ground.may_ask_ttl = !(*answers)[1].is_error();
  ground.may_ask_type = !(*answers)[2].is_error();
  ground.keys = size.integer;
  ground.cost = std::move(*cost);
  co_return ground;
}

asio::awaitable<Result<CensusReport>> complete_report(std::shared_ptr<redis::Client> client,
                                                      const Options& options, CensusGround ground,
                                                      CensusReport report,
                                                      std::vector<ClassUse> classes,
                                                      std::int64_t unclassified_keys) {
  const auto after = co_await census::read_cost(client);
  if (!after) co_return after.error();
  report.cost = census::cost_between(ground.cost, *after);
  auto statistics =
      co_await guard::statistics_around(client, options, std::move(classes), unclassified_keys);
  if (!statistics) co_return statistics.error();
  report.statistics = std::move(*statistics);
  co_return report;
}

asio::awaitable<Result<CensusReport>> take_sampled_report(
    std::shared_ptr<redis::Client> client, const Options& options, const keys::ClassTable& table,
    CensusGround ground, census::SampleOptions how, std::stop_token stop,
    std::function<void(std::int64_t)> progress) {
  CensusReport report;
  report.with_bytes = how.with_bytes = ground.capabilities.memory_usage;
  report.with_ttl = how.with_ttl = ground.may_ask_ttl;
  report.ttl_is_refused = !ground.may_ask_ttl;
  how.with_presence = ground.may_ask_type;
  auto census = co_await census::take_sampled_census(client, table, how, std::move(stop),
                                                     std::move(progress));
  if (!census) co_return census.error();
  report.keys = census->sample.sampled_keys;
  report.population_keys = census->sample.population_keys;
  report.estimate = std::move(census->estimate);
  report.details = std::move(census->details);
  report.longest_exchange = census->sample.longest_exchange;
  report.took = census->sample.took;
  co_return co_await complete_report(client, options, std::move(ground), std::move(report),
                                     std::move(census->classes), census->unclassified_keys);
}

}  // namespace redkeep::app
