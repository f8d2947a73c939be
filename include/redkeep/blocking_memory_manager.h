#pragma once
// The memory manager for programs without an event loop: the same calls with the same results, each
// of which waits until it is done. It runs the MemoryManager on a thread of its own.
// Safe from any thread; calls from several threads share one connection.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>

#include "redkeep/memory_manager.h"

namespace redkeep {

class BlockingMemoryManager {
 public:
  /// Fails as MemoryManager::create() does; connects on first use.
  static Result<std::unique_ptr<BlockingMemoryManager>> create(Options options) {
    std::unique_ptr<BlockingMemoryManager> made(new BlockingMemoryManager);
    auto manager = MemoryManager::create(made->context_.get_executor(), std::move(options));
    if (!manager) return manager.error();
    made->manager_ = std::move(*manager);
    made->thread_ = std::thread([context = &made->context_] { context->run(); });
    return made;
  }

  /// Ends the monitor; no call may be under way.
  ~BlockingMemoryManager() {
    if (thread_.joinable()) on_thread([this] { manager_.reset(); });
    work_.reset();
    if (thread_.joinable()) thread_.join();
  }
  BlockingMemoryManager(const BlockingMemoryManager&) = delete;
  BlockingMemoryManager& operator=(const BlockingMemoryManager&) = delete;

  /// Any call of the MemoryManager by name: call(&MemoryManager::store_entity, entity).
  template <class T, class... P>
  T call(boost::asio::awaitable<T> (MemoryManager::*method)(P...),
         std::type_identity_t<P>... args) {
    std::promise<T> promise;
    auto result = promise.get_future();
    boost::asio::co_spawn(context_,
                          deliver<T>((manager_.get()->*method)(std::move(args)...), promise),
                          boost::asio::detached);
    return result.get();
  }

  // The calls of the MemoryManager; what they promise is said there.
  using M = MemoryManager;
  Result<StoreOutcome> store_entity(Entity entity) {
    return call(&M::store_entity, std::move(entity));
  }
  Result<Entity> entity(std::string id) { return call(&M::entity, std::move(id)); }
  Result<Entity> entity_by_name(std::string type, std::string semantic_name) {
    return call(&M::entity_by_name, std::move(type), std::move(semantic_name));
  }
  Result<StoreOutcome> remove_entity(std::string id) {
    return call(&M::remove_entity, std::move(id));
  }
  Result<StoreOutcome> store_association(Association association) {
    return call(&M::store_association, std::move(association));
  }
  Result<Association> association(std::string path) {
    return call(&M::association, std::move(path));
  }
  Result<StoreOutcome> remove_association(std::string path) {
    return call(&M::remove_association, std::move(path));
  }
  Result<std::vector<Association>> children(std::string parent_id) {
    return call(&M::children, std::move(parent_id));
  }
  Result<std::vector<Association>> links(std::string entity_id) {
    return call(&M::links, std::move(entity_id));
  }
  Result<std::string> parent(std::string child_id) { return call(&M::parent, std::move(child_id)); }
  Result<StoreOutcome> add_word(std::string word, std::vector<std::string> entity_ids) {
    return call(&M::add_word, std::move(word), std::move(entity_ids));
  }
  Result<StoreOutcome> remove_word(std::string word, std::vector<std::string> entity_ids) {
    return call(&M::remove_word, std::move(word), std::move(entity_ids));
  }
  Result<std::vector<std::string>> search(std::string text) {
    return call(&M::search, std::move(text));
  }
  Result<CacheOutcome> store_page(PageKey key, std::string html) {
    return call(&M::store_page, std::move(key), std::move(html));
  }
  Result<std::optional<std::string>> page(PageKey key) { return call(&M::page, std::move(key)); }
  Status remove_page(PageKey key) { return call(&M::remove_page, std::move(key)); }
  Result<CacheOutcome> store_session(std::string id, std::string data) {
    return call(&M::store_session, std::move(id), std::move(data));
  }
  Result<std::optional<std::string>> session(std::string id) {
    return call(&M::session, std::move(id));
  }
  Status remove_session(std::string id) { return call(&M::remove_session, std::move(id)); }
  Result<CacheOutcome> store_template(std::string name, std::string theme, std::string compiled) {
    return call(&M::store_template, std::move(name), std::move(theme), std::move(compiled));
  }
  Result<std::optional<std::string>> page_template(std::string name, std::string theme) {
    return call(&M::page_template, std::move(name), std::move(theme));
  }
  Status remove_template(std::string name, std::string theme) {
    return call(&M::remove_template, std::move(name), std::move(theme));
  }
  Result<ReliefReport> relieve_pressure() { return call(&M::relieve_pressure); }
  Result<RebuildReport> rebuild() { return call(&M::rebuild); }
  Result<Statistics> statistics() { return call(&M::statistics); }
  PressureLevel level() {
    return on_thread([this] { return manager_->level(); });
  }
  MemoryUse memory() {
    return on_thread([this] { return manager_->memory(); });
  }
  void start_monitor() {
    on_thread([this] { manager_->start_monitor(); });
  }
  void stop_monitor() {
    on_thread([this] { manager_->stop_monitor(); });
  }

 private:
  BlockingMemoryManager() : context_(1), work_(context_.get_executor()) {}

  template <class T>
  static boost::asio::awaitable<void> deliver(boost::asio::awaitable<T> work,
                                              std::promise<T>& promise) {
    promise.set_value(co_await std::move(work));
  }

  template <class F>
  std::invoke_result_t<F> on_thread(F work) {
    std::packaged_task<std::invoke_result_t<F>()> task(std::move(work));
    auto result = task.get_future();
    boost::asio::post(context_, std::move(task));
    return result.get();
  }

  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::unique_ptr<MemoryManager> manager_;
  std::thread thread_;
};

}  // namespace redkeep
