#pragma once
// Reads from a server what the doctor judges by. Changes nothing, and takes about as many exchanges
// whatever the size of the server.
#include <chrono>
#include <memory>

#include "doctor/server_reading.h"
#include "keys/key_schema.h"
#include "redis/client.h"

namespace redkeep::doctor {

struct ReadOptions {
  /// How long keys may be sampled.
  std::chrono::milliseconds sample_time{400};
  std::size_t most_keys = 2000;  ///< In the sample.
  std::uint64_t seed = 0;        ///< Where in the keyspace the sample is drawn.
};

/// What is refused is part of the reading. Fails as the connection does. `table` must outlive the
/// call.
redis::awaitable<Result<ServerReading>> read_server(std::shared_ptr<redis::Client> client,
                                                    const keys::ClassTable& table,
                                                    keys::KeySchema schema, ReadOptions options);

}  // namespace redkeep::doctor
