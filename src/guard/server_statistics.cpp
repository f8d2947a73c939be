#include "guard/server_statistics.h"

#include "guard/forecast_key.h"
#include "keys/key_schema.h"
#include "keys/level_key.h"
#include "pressure/ask_memory.h"
#include "pressure/pressure_gauge.h"
#include "redis/capabilities.h"

namespace redkeep::guard {

redis::awaitable<Result<Statistics>> take_statistics(std::shared_ptr<redis::Client> client,
                                                     const keys::ClassTable& table,
                                                     const Options& options,
                                                     census::CensusOptions census_options,
                                                     std::stop_token stop,
                                                     std::function<void(std::int64_t)> progress) {
  const keys::KeySchema schema(options.prefix);
  const auto found = co_await redis::probe_capabilities(client, schema.guard("probe"),
                                                        redis::ServerSettings::LeaveAlone);
  if (!found) co_return found.error();
  census_options.with_bytes = census_options.with_bytes && found->memory_usage;
  auto census = co_await census::take_census(client, table, census_options, stop, progress);
  if (!census) co_return census.error();
  co_return co_await statistics_around(client, options, std::move(census->classes),
                                       census->unclassified_keys);
}

redis::awaitable<Result<Statistics>> statistics_around(std::shared_ptr<redis::Client> client,
                                                       const Options& options,
                                                       std::vector<ClassUse> classes,
                                                       std::int64_t unclassified_keys) {
  const keys::KeySchema schema(options.prefix);
  const auto published = co_await keys::ask_level(client, schema.guard("level"));
  if (!published) co_return published.error();
  const auto foreseen = co_await read_forecast(client, schema.guard("forecast"));
  if (!foreseen) co_return foreseen.error();
  // Memory last, so that it belongs to the moment at which the numbers are shown.
  const auto reading = co_await pressure::ask_memory(client, options);
  if (!reading) co_return reading.error();

  Statistics statistics;
  statistics.memory = reading->use();
  statistics.derived_limit_bytes = reading->derived_limit_bytes;
  statistics.level_from_guard = published->has_value();
  statistics.level =
      *published ? (*published)->level
                 : pressure::PressureGauge::instantaneous(reading->usage_pct(), options.pressure);
  if (*published) statistics.alarms = (*published)->alarms;
  statistics.keys_with_ttl = reading->keyspace.with_ttl;
  statistics.keys_without_ttl = reading->keyspace.keys - reading->keyspace.with_ttl;
  statistics.forecast = seen_now(*foreseen, statistics.memory, options.pressure);
  statistics.classes = std::move(classes);
  statistics.unclassified_keys = unclassified_keys;
  co_return statistics;
}

}  // namespace redkeep::guard
