// F43: a rebuild that is cut after any of its commands is gone on with by the next one. It runs
// inside the test here, so that all places can be tried.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "live/damaged_graph.h"
#include "live/relay.h"
#include "recovery/verify/rebuild.h"

namespace redkeep::test {
namespace {

namespace asio = boost::asio;
using Outcome = Result<recovery::RebuildOutcome>;

asio::awaitable<void> rebuild_into(EndpointOptions endpoint, recovery::RebuildOptions options,
                                   std::optional<Outcome>& outcome) {
  outcome = co_await recovery::rebuild(std::move(endpoint), "reed:", std::move(options), {}, {});
}

class CutRebuild : public testing::TestWithParam<std::vector<std::string>> {
 protected:
  CutRebuild() : redis(GetParam()) { write_small_graph(content); }

  Outcome rebuild(const std::string& socket_path, bool from_scratch) {
    asio::io_context context;
    EndpointOptions endpoint;
    endpoint.unix_path = socket_path;
    recovery::RebuildOptions options;
    options.directory = content.path();
    options.save_to = saved.path();
    options.from_scratch = from_scratch;
    std::optional<Outcome> outcome;
    asio::co_spawn(context, rebuild_into(endpoint, options, outcome), asio::detached);
    context.run();
    return *outcome;
  }

  void begin_with(const std::vector<Command>& commands) {
    redis.run({"FLUSHALL"});
    write_others_keys(redis);
    redis.run_all(commands);
  }

  // Cuts it after each of its commands. What of the graph was right before is seen all the time,
  // unless it begins from scratch.
  void expect_every_cut_to_be_mended(const std::vector<Command>& before, bool from_scratch,
                                     std::size_t least_cuts) {
    begin_with(before);
    const Contents begun = redis.contents();
    std::vector<std::int64_t> ends;
    {
      Relay relay(redis.socket_path());
      const Outcome whole = rebuild(relay.socket_path(), from_scratch);
      ASSERT_TRUE(whole.ok()) << whole.error().message;
      ends = relay.command_ends();
    }
    const Contents expected = redis.contents();
    EXPECT_EQ(expected.count("reed:guard:rebuild"), 0U);
    ends.pop_back();
    ASSERT_GT(ends.size(), least_cuts);
    for (const auto end : ends) {
      SCOPED_TRACE("cut after " + std::to_string(end) + " bytes");
      begin_with(before);
      {
        Relay relay(redis.socket_path(), end, Relay::Then::Cut);
        ASSERT_FALSE(rebuild(relay.socket_path(), from_scratch).ok());
      }
      ASSERT_TRUE(eventually([&] { return redis.info("connected_clients") == "1"; }));
      if (!from_scratch) {
        const Contents now = redis.contents();
        for (const auto& [key, value] : begun) {
          const auto right = expected.find(key);
          if (right == expected.end() || right->second != value) continue;
          const auto found = now.find(key);
          ASSERT_TRUE(found != now.end() && found->second == value) << key;
        }
      }
      const Outcome next = rebuild(redis.socket_path(), from_scratch);
      ASSERT_TRUE(next.ok()) << next.error().message;
      ASSERT_EQ(redis.contents(), expected);
    }
  }

  std::vector<Command> damaged() {
    std::vector<Command> commands;
    begin_with({});
    EXPECT_TRUE(rebuild(redis.socket_path(), false).ok());
    for (const auto& key : redis.keys("reed:*")) {
      if (redis.text({"TYPE", key}) == "list" || redis.integer({"TTL", key}) > 0) continue;
      if (redis.text({"TYPE", key}) == "string") {
        commands.push_back({"SET", key, redis.text({"GET", key})});
        continue;
      }
      const bool is_hash = redis.text({"TYPE", key}) == "hash";
      Command copy{is_hash ? "HSET" : "SADD", key};
      for (const auto& part : redis.list({is_hash ? "HGETALL" : "SMEMBERS", key})) {
        copy.push_back(part);
      }
      commands.push_back(copy);
    }
    for (const auto& damage : damage_cases()) {
      if (damage.kind == "orphaned") continue;
      commands.insert(commands.end(), damage.commands.begin(), damage.commands.end());
    }
    return commands;
  }

  LiveRedis redis;
  TemporaryDirectory content;
  TemporaryDirectory saved;
};

TEST_P(CutRebuild, OfAnEmptyGraphIsGoneOnWith) { expect_every_cut_to_be_mended({}, false, 15); }

TEST_P(CutRebuild, OfADamagedGraphIsGoneOnWith) {
  const auto commands = damaged();
  expect_every_cut_to_be_mended(commands, false, 30);
}

TEST_P(CutRebuild, FromScratchIsGoneOnWith) {
  const auto commands = damaged();
  expect_every_cut_to_be_mended(commands, true, 15);
}

INSTANTIATE_TEST_SUITE_P(Servers, CutRebuild,
                         testing::Values(std::vector<std::string>{},
                                         std::vector<std::string>{"--rename-command", "RESTORE",
                                                                  ""}),
                         [](const auto& tested) {
                           return std::string(tested.param.empty() ? "WithRestore"
                                                                   : "WithPlainCommands");
                         });

}  // namespace
}  // namespace redkeep::test
