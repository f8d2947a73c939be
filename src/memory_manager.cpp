// The library's façade: it owns the parts and hands each call to the one that does it. The monitor
// is the same guard that the daemon runs.
#include "redkeep/memory_manager.h"

#include <boost/asio/co_spawn.hpp>
#include <limits>
#include <stop_token>

#include "cache/cache_store.h"
#include "content/association_store.h"
#include "content/entity_store.h"
#include "content/search_index.h"
#include "error/error.h"
#include "guard/emergency.h"
#include "guard/guard.h"
#include "guard/server_statistics.h"
#include "keys/class_table.h"
#include "pressure/ask_memory.h"
#include "pressure/marks.h"
#include "recovery/restore.h"
#include "shed/shedder.h"

namespace redkeep {

namespace asio = boost::asio;

namespace {

// The monitor's task owns its guard, so that it may end after the manager.
asio::awaitable<void> run_guard(std::shared_ptr<guard::Guard> guard, std::stop_token stop) {
  co_await guard->run(stop);
}

}  // namespace

class MemoryManager::Parts {
 public:
  Parts(asio::any_io_executor with_executor, Options with_options, keys::ClassTable with_table)
      : executor(with_executor),
        options(std::move(with_options)),
        table(std::move(with_table)),
        client(redis::Client::create(executor, options.endpoint)),
        access(client, keys::KeySchema(options.prefix)),
        entities(access),
        associations(access),
        index(access),
        caches(client, table),
        shedder(client, table) {}
  ~Parts() {
    stop_monitor.request_stop();
    client->close();
  }

  const keys::KeySchema& schema() const { return access.schema(); }

  // What the server can do is asked again after each new connection.
  asio::awaitable<Status> meet_server() {
    if (met_generation == client->generation()) co_return Status{};
    const auto generation = client->generation();
    auto found = co_await redis::probe_capabilities(client, schema().guard("probe"),
                                                    redis::ServerSettings::MayChange);
    if (!found) co_return found.error();
    shedder.use(std::move(*found));
    met_generation = generation;
    co_return Status{};
  }

  asio::any_io_executor executor;
  Options options;
  keys::ClassTable table;
  std::shared_ptr<redis::Client> client;
  content::GraphAccess access;
  content::EntityStore entities;
  content::AssociationStore associations;
  content::SearchIndex index;
  cache::CacheStore caches;
  shed::Shedder shedder;
  std::uint64_t met_generation = 0;
  std::shared_ptr<guard::Guard> guard;  // of the monitor; stays when it is stopped, to be asked
  std::stop_source stop_monitor;
};

Result<std::unique_ptr<MemoryManager>> MemoryManager::create(asio::any_io_executor executor,
                                                             Options options) {
  if (const auto fault = pressure::find_fault(options.pressure)) {
    return Error{ErrorKind::InvalidInput, *fault};
  }
  auto table = keys::ClassTable::compile(options.prefix, options.classes);
  if (!table) return table.error();
  return std::unique_ptr<MemoryManager>(
      new MemoryManager(std::make_unique<Parts>(executor, std::move(options), std::move(*table))));
}

MemoryManager::MemoryManager(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
MemoryManager::~MemoryManager() = default;

// Each call is handed on without a coroutine of its own.
asio::awaitable<Status> MemoryManager::store_entity(Entity entity) {
  return parts_->entities.store(std::move(entity));
}
asio::awaitable<Result<Entity>> MemoryManager::entity(std::string id) {
  return parts_->entities.get(std::move(id));
}
asio::awaitable<Result<Entity>> MemoryManager::entity_by_name(std::string type,
                                                              std::string semantic_name) {
  return parts_->entities.get_by_name(std::move(type), std::move(semantic_name));
}
asio::awaitable<Status> MemoryManager::remove_entity(std::string id) {
  return parts_->entities.remove(std::move(id));
}

asio::awaitable<Status> MemoryManager::store_association(Association association) {
  return parts_->associations.store(std::move(association));
}
asio::awaitable<Result<Association>> MemoryManager::association(std::string path) {
  return parts_->associations.get(std::move(path));
}
asio::awaitable<Status> MemoryManager::remove_association(std::string path) {
  return parts_->associations.remove(std::move(path));
}
asio::awaitable<Result<std::vector<Association>>> MemoryManager::children(std::string parent_id) {
  return parts_->associations.children(std::move(parent_id));
}
asio::awaitable<Result<std::string>> MemoryManager::parent(std::string child_id) {
  return parts_->associations.parent(std::move(child_id));
}

asio::awaitable<Status> MemoryManager::add_word(std::string word,
                                                std::vector<std::string> entity_ids) {
  return parts_->index.add(std::move(word), std::move(entity_ids));
}
asio::awaitable<Status> MemoryManager::remove_word(std::string word,
                                                   std::vector<std::string> entity_ids) {
  return parts_->index.remove(std::move(word), std::move(entity_ids));
}
asio::awaitable<Result<std::vector<std::string>>> MemoryManager::search(std::string text) {
  return parts_->index.search(std::move(text));
}

asio::awaitable<Status> MemoryManager::store_page(PageKey key, std::string html) {
  return parts_->caches.store(parts_->schema().page(key.path, key.locale, key.theme),
                              std::move(html));
}
asio::awaitable<Result<std::optional<std::string>>> MemoryManager::page(PageKey key) {
  return parts_->caches.get(parts_->schema().page(key.path, key.locale, key.theme));
}
asio::awaitable<Status> MemoryManager::remove_page(PageKey key) {
  return parts_->caches.remove(parts_->schema().page(key.path, key.locale, key.theme));
}
asio::awaitable<Status> MemoryManager::store_session(std::string id, std::string data) {
  return parts_->caches.store(parts_->schema().session(id), std::move(data));
}
asio::awaitable<Result<std::optional<std::string>>> MemoryManager::session(std::string id) {
  return parts_->caches.get(parts_->schema().session(id));
}
asio::awaitable<Status> MemoryManager::remove_session(std::string id) {
  return parts_->caches.remove(parts_->schema().session(id));
}
asio::awaitable<Status> MemoryManager::store_template(std::string name, std::string theme,
                                                      std::string compiled) {
  return parts_->caches.store(parts_->schema().page_template(name, theme), std::move(compiled));
}
asio::awaitable<Result<std::optional<std::string>>> MemoryManager::page_template(
    std::string name, std::string theme) {
  return parts_->caches.get(parts_->schema().page_template(name, theme));
}
asio::awaitable<Status> MemoryManager::remove_template(std::string name, std::string theme) {
  return parts_->caches.remove(parts_->schema().page_template(name, theme));
}

asio::awaitable<Result<ReliefReport>> MemoryManager::relieve_pressure() {
  const auto reading = co_await pressure::ask_memory(parts_->client, parts_->options);
  if (!reading) co_return reading.error();
  if (const Status met = co_await parts_->meet_server(); !met) co_return met.error();
  pressure::Pressure pressure;
  pressure.reading = *reading;
  pressure.level =
      pressure::PressureGauge::instantaneous(reading->usage_pct(), parts_->options.pressure);
  const auto plan = shed::plan_for_pressure(pressure, parts_->table, parts_->options.pressure);
  ReliefReport report;
  report.outcome = "NothingToDo";
  report.memory = reading->use();
  if (plan.empty()) co_return report;
  const auto outcome =
      co_await parts_->shedder.run(plan, shed::ShedBudget{}, shed::ShedMode::Real, {});
  if (outcome.end == shed::ShedEnd::BrokenOff) co_return *outcome.failure;
  report.outcome = shed::to_string(outcome.end);
  report.shed_keys = outcome.keys();
  report.freed_bytes = outcome.used_before_bytes - outcome.used_after_bytes;
  pressure.reading.used_bytes = outcome.used_after_bytes;
  report.memory = pressure.reading.use();
  co_return report;
}

asio::awaitable<Result<RebuildReport>> MemoryManager::rebuild() {
  const Options& options = parts_->options;
  if (options.content_directory.empty()) {
    co_return make_error(ErrorKind::InvalidInput,
                         "Options::content_directory is empty: there is nothing to rebuild from");
  }
  const auto reading = co_await pressure::ask_memory(parts_->client, parts_->options);
  if (!reading) co_return reading.error();
  const auto room =
      reading->limit_bytes == 0
          ? std::numeric_limits<std::int64_t>::max()
          : guard::room_bytes(reading->used_bytes, reading->limit_bytes, options.pressure);
  const auto outcome = co_await recovery::restore_missing(parts_->client, options.prefix,
                                                          options.content_directory, room, {});
  if (!outcome) co_return outcome.error();
  if (outcome->end == recovery::RestoreEnd::BadContent) {
    co_return make_error(ErrorKind::InvalidInput, "{} bad rows in {}, the first: {}",
                         outcome->problems.count, printable(options.content_directory),
                         outcome->problems.first.front());
  }
  RebuildReport report;
  report.outcome = recovery::to_string(outcome->end);
  report.entities = outcome->entities;
  report.associations = outcome->associations;
  report.words = outcome->words;
  report.missing = outcome->missing_pieces;
  report.missing_bytes = outcome->missing_bytes;
  co_return report;
}

asio::awaitable<Result<Statistics>> MemoryManager::statistics() {
  return guard::take_statistics(parts_->client, parts_->table, parts_->options,
                                census::CensusOptions{}, {}, {});
}

PressureLevel MemoryManager::level() const {
  return parts_->guard ? parts_->guard->snapshot().level : PressureLevel::Blind;
}
MemoryUse MemoryManager::memory() const {
  return parts_->guard ? parts_->guard->snapshot().memory : MemoryUse{};
}

void MemoryManager::start_monitor() {
  if (parts_->guard && !parts_->stop_monitor.stop_requested()) return;
  auto guard = guard::Guard::create(parts_->executor, parts_->options);
  parts_->guard = std::move(guard).value();  // the options were checked when we were created
  parts_->stop_monitor = std::stop_source{};
  asio::co_spawn(parts_->executor, run_guard(parts_->guard, parts_->stop_monitor.get_token()),
                 [](const std::exception_ptr& failure) {
                   if (failure) std::rethrow_exception(failure);
                 });
}

void MemoryManager::stop_monitor() { parts_->stop_monitor.request_stop(); }

}  // namespace redkeep
