#include "recovery/verify/server_facts.h"

#include <charconv>

#include "error/error.h"
#include "pressure/memory_reading.h"
#include "recovery/load/find_graph.h"
#include "redis/info_when_loaded.h"

namespace redkeep::recovery {
namespace {

constexpr std::chrono::seconds kFactsDeadline{10};

std::optional<std::string> stored_text(const redis::Reply& reply) {
  const auto text = reply.string();
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

}  // namespace

std::function<void(const std::string&)> told_in_words(const ShowProgress& progress) {
  if (!progress) return {};
  return [progress](const std::string& why) { progress({why}); };
}

std::optional<std::int64_t> parse_position(std::string_view text) {
  std::int64_t position = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), position);
  const bool is_whole = end == text.data() + text.size() || *end == ' ';
  if (failure != std::errc{} || !is_whole || position < 0) return std::nullopt;
  return position;
}

redis::awaitable<Result<std::optional<std::int64_t>>> ask_position(redis::Connection& connection,
                                                                   const keys::KeySchema& schema) {
  redis::CommandBuffer ask;
  ask.add({"GET", schema.guard("position")});
  const auto replies = co_await connection.exchange(ask, kFactsDeadline);
  if (!replies) co_return replies.error();
  if (replies->front().is_error()) co_return redis::error_from_reply("GET", replies->front());
  const auto text = stored_text(replies->front());
  co_return text ? parse_position(*text) : std::nullopt;
}

Error unless_stopped(const Error& error, const std::stop_token& stop) {
  const bool is_cut =
      error.kind == ErrorKind::Unreachable || error.kind == ErrorKind::UnknownOutcome;
  if (!is_cut || !stop.stop_requested()) return error;
  return {ErrorKind::Interrupted, "stopped on request; the server did not answer any more"};
}

redis::awaitable<Result<ServerFacts>> ask_server_facts(
    std::shared_ptr<redis::Connection> connection, const keys::KeySchema& schema, int database,
    std::int64_t configured_limit_bytes, std::stop_token stop, ShowProgress progress) {
  const auto waiting = told_in_words(progress);
  const auto loaded = co_await redis::info_when_loaded(*connection, stop, waiting);
  if (!loaded) co_return loaded.error();
  redis::CommandBuffer ask;
  ask.add({"INFO"});
  ask.add({"GET", schema.guard("position")});
  ask.add({"GET", schema.guard("load")});
  ask.add({"GET", schema.guard("rebuild")});
  ask.add({"GET", schema.guard("journal")});
  ask.add({"GET", schema.guard("content")});
  const auto replies = co_await connection->exchange(ask, kFactsDeadline);
  if (!replies) co_return replies.error();
  for (const auto& reply : *replies) {
    if (reply.is_error()) co_return redis::error_from_reply("GET of the guard's keys", reply);
  }
  const auto info = redis::ServerInfo::parse((*replies)[0].text);
  const auto memory = pressure::read_memory(info, configured_limit_bytes, database);
  if (!memory) co_return memory.error();
  ServerFacts facts;
  facts.used_bytes = memory->used_bytes;
  facts.limit_bytes = memory->limit_bytes;
  facts.keys = memory->keyspace.keys;
  facts.any_ttl = memory->keyspace.with_ttl > 0;
  if (const auto position = stored_text((*replies)[1])) facts.position = parse_position(*position);
  facts.load_marker = stored_text((*replies)[2]);
  facts.rebuild_marker = stored_text((*replies)[3]);
  facts.journal = stored_text((*replies)[4]).value_or("");
  facts.is_being_restored = stored_text((*replies)[5]) == kGraphIsRestored;
  co_return facts;
}

}  // namespace redkeep::recovery
