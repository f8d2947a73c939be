#pragma once
// A shedder before a keyspace of a few keys, and the plans that the tests give it.
#include <gtest/gtest.h>

#include <memory>

#include "shed/shedder.h"
#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"
#include "wire/small_keyspace.h"

namespace redkeep::shed {

using namespace std::chrono_literals;
using wire::Answers;
using wire::Command;
using wire::keys_named;
using wire::ScriptedServer;
using wire::SmallKeyspace;
using Fate = SmallKeyspace::Fate;

inline const keys::ClassTable& table() {
  static const auto compiled = keys::ClassTable::compile("reed:", default_key_classes());
  return *compiled;
}

inline ShedStep step_of(const std::vector<std::string>& names, std::int64_t stop_at_bytes) {
  ShedStep step;
  for (const auto& name : names) step.classes.push_back(*table().find(name));
  step.stop_at_bytes = stop_at_bytes;
  return step;
}

// One step, as a person asks for it: of the candidates at hand as many go as are needed. Memory is
// measured by the shedder itself before it begins.
inline ShedPlan plan_of(const std::vector<std::string>& names, std::int64_t stop_at_bytes) {
  ShedPlan plan;
  plan.steps.push_back(step_of(names, stop_at_bytes));
  plan.used_bytes = 1'000'000;
  plan.asked_for = true;
  return plan;
}

inline redis::Capabilities everything() {
  redis::Capabilities capabilities;
  capabilities.pexpire_xx = capabilities.memory_usage = capabilities.config_get = true;
  capabilities.frees_in_background = true;
  return capabilities;
}

class ShedderTest : public testing::Test {
 protected:
  // A server with these keys, and a shedder that has met it.
  void serve(std::vector<SmallKeyspace::Key> keys, redis::Capabilities met = everything()) {
    keyspace_ = std::make_unique<SmallKeyspace>(std::move(keys));
    keyspace_->install(answers_);
    server_ = std::make_unique<ScriptedServer>(answers_);
    EndpointOptions options = server_->endpoint();
    options.deadline = 2s;
    client_ = redis::Client::create(loop_.executor(), options);
    shedder_ = std::make_unique<Shedder>(client_, table());
    // Met on the connection that the shedding then goes over, as the guard does.
    ASSERT_TRUE(loop_.run(client_->call({"PING"})));
    shedder_->use(std::move(met));
  }

  ShedOutcome run(const ShedPlan& plan, ShedBudget budget = {}, ShedMode mode = ShedMode::Real,
                  std::stop_token stop = {}) {
    return loop_.run(shedder_->run(plan, budget, mode, std::move(stop)));
  }

  // Keys that were asked to go, in order.
  std::vector<std::string> expired() const {
    std::vector<std::string> names;
    for (const auto& command : server_->received()) {
      if (command.front() == "PEXPIRE") names.push_back(command[1]);
    }
    return names;
  }

  void add(std::vector<SmallKeyspace::Key>& keys, std::vector<SmallKeyspace::Key> more) {
    keys.insert(keys.end(), more.begin(), more.end());
  }

  Answers answers_;
  std::unique_ptr<SmallKeyspace> keyspace_;
  std::unique_ptr<ScriptedServer> server_;
  wire::EventLoop loop_;
  std::shared_ptr<redis::Client> client_;
  std::unique_ptr<Shedder> shedder_;
};

inline std::vector<SmallKeyspace::Key> pages(int count) {
  return keys_named("reed:query:cache:", count);
}

}  // namespace redkeep::shed
