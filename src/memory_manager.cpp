// The library's façade: it owns the parts and hands each call to the one that does it. The monitor
// is the same guard that the daemon runs.
#include "redkeep/memory_manager.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <filesystem>
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
#include "recovery/journal/change_client.h"
#include "recovery/journal/change_protocol.h"
#include "recovery/journal/change_steps.h"
#include "recovery/journal/journal_owner.h"
#include "recovery/load/restore.h"
#include "shed/relief.h"

namespace redkeep {

namespace asio = boost::asio;

namespace {

// What makes room. The journal's writer shares it, since what that has begun may end after the
// manager.
struct Room {
  Room(std::shared_ptr<redis::Client> client, const keys::ClassTable& with_table,
       const Options& with_options)
      : table(with_table), options(with_options), relief(std::move(client), table, options) {}

  const keys::ClassTable table;
  const Options options;
  shed::Relief relief;
};

redis::MakeRoom make_room_of(std::shared_ptr<Room> room) {
  return [room = std::move(room)] { return room->relief.make_room(); };
}

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
        room(std::make_shared<Room>(client, table, options)),
        make_room(make_room_of(room)),
        access(client, keys::KeySchema(options.prefix), make_room),
        entities(access),
        associations(access),
        index(access),
        steps(access),
        caches(client, table, schema().guard("level"), make_room) {}
  ~Parts() {
    stop_monitor.request_stop();
    if (journal) journal->close();
    if (owner) owner->close();
    client->close();
  }

  Status open_journal();
  void use_owner();
  asio::awaitable<Result<StoreOutcome>> change(recovery::GraphChange change);

  const keys::KeySchema& schema() const { return access.schema(); }

  asio::any_io_executor executor;
  Options options;
  keys::ClassTable table;
  std::shared_ptr<redis::Client> client;
  std::shared_ptr<Room> room;
  redis::MakeRoom make_room;
  content::GraphAccess access;
  content::EntityStore entities;
  content::AssociationStore associations;
  content::SearchIndex index;
  recovery::ChangeSteps steps;
  // With a data directory: the first where it is ours, the other where another process owns it.
  std::shared_ptr<recovery::JournalOwner> journal;
  std::shared_ptr<recovery::ChangeClient> owner;
  cache::CacheStore caches;
  std::shared_ptr<guard::Guard> guard;  // of the monitor; stays when it is stopped, to be asked
  std::stop_source stop_monitor;
};

// What the owner of the data directory may take in the worst case: a sync that hangs is waited for
// as long as Redis.
void MemoryManager::Parts::use_owner() {
  owner = recovery::ChangeClient::create(executor, options.data_directory, options.prefix,
                                         3 * options.endpoint.deadline);
}

Status MemoryManager::Parts::open_journal() {
  auto opened = recovery::JournalOwner::open(executor, options, make_room);
  if (opened) {
    journal = std::move(*opened);
    journal->start();
    return {};
  }
  const std::string socket = recovery::change_socket_path(options.data_directory);
  std::error_code code;
  const bool is_owned = opened.error().kind == ErrorKind::Refused;
  if (!is_owned || !std::filesystem::exists(socket, code)) return opened.error();
  use_owner();
  return {};
}

asio::awaitable<Result<StoreOutcome>> MemoryManager::Parts::change(recovery::GraphChange change) {
  if (journal) co_return co_await journal->writer().write(std::move(change));
  if (owner) co_return co_await owner->write(std::move(change));
  const Status applied = co_await steps.apply(std::move(change), {});
  if (!applied) co_return applied.error();
  co_return StoreOutcome::Applied;
}

Result<std::unique_ptr<MemoryManager>> MemoryManager::create(asio::any_io_executor executor,
                                                             Options options) {
  if (const auto fault = pressure::find_fault(options.pressure)) {
    return Error{ErrorKind::InvalidInput, *fault};
  }
  auto table = keys::ClassTable::compile(options.prefix, options.classes);
  if (!table) return table.error();
  auto parts = std::make_unique<Parts>(executor, std::move(options), std::move(*table));
  if (!parts->options.data_directory.empty()) {
    if (const Status opened = parts->open_journal(); !opened) return opened.error();
  }
  return std::unique_ptr<MemoryManager>(new MemoryManager(std::move(parts)));
}

MemoryManager::MemoryManager(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
MemoryManager::~MemoryManager() = default;

// Each call is handed on without a coroutine of its own.
asio::awaitable<Result<StoreOutcome>> MemoryManager::store_entity(Entity entity) {
  return parts_->change(std::move(entity));
}
asio::awaitable<Result<Entity>> MemoryManager::entity(std::string id) {
  return parts_->entities.get(std::move(id));
}
asio::awaitable<Result<Entity>> MemoryManager::entity_by_name(std::string type,
                                                              std::string semantic_name) {
  return parts_->entities.get_by_name(std::move(type), std::move(semantic_name));
}
asio::awaitable<Result<StoreOutcome>> MemoryManager::remove_entity(std::string id) {
  return parts_->change(recovery::RemoveEntity{std::move(id)});
}

asio::awaitable<Result<StoreOutcome>> MemoryManager::store_association(Association association) {
  return parts_->change(std::move(association));
}
asio::awaitable<Result<Association>> MemoryManager::association(std::string path) {
  return parts_->associations.get(std::move(path));
}
asio::awaitable<Result<StoreOutcome>> MemoryManager::remove_association(std::string path) {
  return parts_->change(recovery::RemoveAssociation{std::move(path)});
}
asio::awaitable<Result<std::vector<Association>>> MemoryManager::links(std::string entity_id) {
  return parts_->associations.links(std::move(entity_id));
}

asio::awaitable<Result<std::vector<Association>>> MemoryManager::children(std::string parent_id) {
  return parts_->associations.children(std::move(parent_id));
}
asio::awaitable<Result<std::string>> MemoryManager::parent(std::string child_id) {
  return parts_->associations.parent(std::move(child_id));
}

asio::awaitable<Result<StoreOutcome>> MemoryManager::add_word(std::string word,
                                                              std::vector<std::string> entity_ids) {
  return parts_->change(recovery::AddWord{std::move(word), std::move(entity_ids)});
}
asio::awaitable<Result<StoreOutcome>> MemoryManager::remove_word(
    std::string word, std::vector<std::string> entity_ids) {
  return parts_->change(recovery::RemoveWord{std::move(word), std::move(entity_ids)});
}
asio::awaitable<Result<std::vector<std::string>>> MemoryManager::search(std::string text) {
  return parts_->index.search(std::move(text));
}

asio::awaitable<Result<CacheOutcome>> MemoryManager::store_page(PageKey key, std::string html) {
  return parts_->caches.store(parts_->schema().page(key.path, key.locale, key.theme),
                              std::move(html));
}
asio::awaitable<Result<std::optional<std::string>>> MemoryManager::page(PageKey key) {
  return parts_->caches.get(parts_->schema().page(key.path, key.locale, key.theme));
}
asio::awaitable<Status> MemoryManager::remove_page(PageKey key) {
  return parts_->caches.remove(parts_->schema().page(key.path, key.locale, key.theme));
}
asio::awaitable<Result<CacheOutcome>> MemoryManager::store_session(std::string id,
                                                                   std::string data) {
  return parts_->caches.store(parts_->schema().session(id), std::move(data));
}
asio::awaitable<Result<std::optional<std::string>>> MemoryManager::session(std::string id) {
  return parts_->caches.get(parts_->schema().session(id));
}
asio::awaitable<Status> MemoryManager::remove_session(std::string id) {
  return parts_->caches.remove(parts_->schema().session(id));
}
asio::awaitable<Result<CacheOutcome>> MemoryManager::store_template(std::string name,
                                                                    std::string theme,
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
  const auto relieved = co_await parts_->room->relief.run();
  if (!relieved) co_return relieved.error();
  const shed::ShedOutcome& outcome = relieved->outcome;
  ReliefReport report;
  report.outcome = relieved->had_to_shed ? shed::to_string(outcome.end) : "NothingToDo";
  report.shed_keys = outcome.keys();
  report.freed_bytes = outcome.used_before_bytes - outcome.used_after_bytes;
  report.memory = relieved->memory;
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
