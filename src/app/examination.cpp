#include "app/examination.h"

#include <random>

#include "doctor/read_server.h"

namespace redkeep::app {

boost::asio::awaitable<Result<Examination>> examine(std::shared_ptr<redis::Client> client,
                                                    const keys::ClassTable& table,
                                                    const Options& options) {
  const auto begun = std::chrono::steady_clock::now();
  doctor::ReadOptions read;
  read.seed = std::random_device{}();
  keys::KeySchema schema(options.prefix);
  auto reading = co_await doctor::read_server(client, table, std::move(schema), read);
  if (!reading) co_return reading.error();
  const doctor::JudgeOptions judging{options.pressure, options.prefix, options.endpoint.database};
  Examination found;
  found.findings = doctor::judge(*reading, table, judging);
  found.eviction =
      doctor::eviction_outlook(reading->info.text("maxmemory_policy").value_or(""), table);
  found.reading = std::move(*reading);
  found.took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun);
  co_return found;
}

}  // namespace redkeep::app
