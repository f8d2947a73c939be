// A merge that is cut after any of its commands is finished by the next one. The loader runs inside
// the test here, so that all places can be tried.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "live/live_redis.h"
#include "live/relay.h"
#include "live/sample_content.h"
#include "recovery/load/loader.h"

namespace redkeep::test {
namespace {

namespace asio = boost::asio;

asio::awaitable<void> load_into(EndpointOptions endpoint, recovery::LoadOptions options,
                                Status& status) {
  const auto outcome = co_await recovery::load(std::move(endpoint), "reed:", options, {}, {});
  status = outcome ? Status{} : Status{outcome.error()};
}

Status load(const std::string& socket_path, const TemporaryDirectory& content, bool merge) {
  asio::io_context context;
  EndpointOptions endpoint;
  endpoint.unix_path = socket_path;
  recovery::LoadOptions options;
  options.directory = content.path();
  options.merge = merge;
  Status status;
  asio::co_spawn(context, load_into(endpoint, options, status), asio::detached);
  context.run();
  return status;
}

class CutMerge : public testing::TestWithParam<std::vector<std::string>> {
 protected:
  CutMerge() : redis(GetParam()) {}

  Contents after_loading(const TemporaryDirectory& content) {
    redis.run({"FLUSHALL"});
    const Status loaded = load(redis.socket_path(), content, false);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return redis.contents();
  }

  void merge() {
    const Status merged = load(redis.socket_path(), fresh, true);
    ASSERT_TRUE(merged.ok()) << merged.error().message;
  }

  // Where the commands of a merge of `fresh` over `old` end.
  std::vector<std::int64_t> places() {
    after_loading(old);
    Relay relay(redis.socket_path());
    const Status merged = load(relay.socket_path(), fresh, true);
    EXPECT_TRUE(merged.ok()) << merged.error().message;
    return relay.command_ends();
  }

  void merge_cut_after(std::int64_t bytes) {
    {
      Relay relay(redis.socket_path(), bytes, Relay::Then::Cut);
      ASSERT_FALSE(load(relay.socket_path(), fresh, true).ok());
    }
    // What it sent before it was cut may still be carried out after.
    ASSERT_TRUE(eventually([&] { return redis.info("connected_clients") == "1"; }));
  }

  void expect_every_cut_to_be_mended(const Contents& expected) {
    auto ends = places();
    ASSERT_EQ(redis.contents(), expected) << "after a merge that was not cut";
    ASSERT_GT(ends.size(), 15U);
    ends.pop_back();
    for (const auto end : ends) {
      SCOPED_TRACE("cut after " + std::to_string(end) + " bytes");
      after_loading(old);
      merge_cut_after(end);
      merge();
      ASSERT_EQ(redis.contents(), expected);
    }
  }

  LiveRedis redis;
  TemporaryDirectory old;
  TemporaryDirectory fresh;
};

// Every kind of change at once: other name, type, text, place; two that exchange their names;
// references with other ends; a place that another entity takes.
TEST_P(CutMerge, OfAChangedContentIsMended) {
  write_content(old,
                entity_row(1, "page", "$root", "old root") +
                    entity_row(2, "page", "$two", "second old words") +
                    entity_row(3, "snippet", "$three", "third gone") +
                    entity_row(4, "page", "$four", "fourth") + entity_row(5, "page", "", "fifth"),
                association_row(1, 2, "/two") + association_row(1, 3, "/three") +
                    association_row(2, 4, "/two/four") +
                    association_row(2, 3, "/links/a", "references") +
                    association_row(4, 1, "/links/b", "references"));
  write_content(fresh,
                entity_row(1, "page", "$root", "new root") +
                    entity_row(2, "plugin", "$four", "second words") +
                    entity_row(3, "page", "$third", "third here") +
                    entity_row(4, "page", "$two", "fourth") + entity_row(5, "page", "$five", "x"),
                association_row(1, 2, "/second") + association_row(4, 3, "/two/four/three") +
                    association_row(1, 4, "/three") + association_row(3, 5, "/five") +
                    association_row(5, 3, "/links/a", "references") +
                    association_row(4, 1, "/links/b", "extends") +
                    association_row(2, 5, "/two/four", "references"));
  expect_every_cut_to_be_mended(after_loading(fresh));
}

// The containment is not in the new content, so only the stored record knows the entity's place.
TEST_P(CutMerge, KeepsThePlaceOfAnEntityWhoseTypeChanges) {
  write_content(old, entity_row(1, "page", "$one", "one") + entity_row(2, "page", "$two", "two"),
                association_row(1, 2, "/two"));
  write_content(fresh, entity_row(2, "snippet", "$two", "two and more"), "");
  after_loading(old);
  merge();
  const Contents expected = redis.contents();
  EXPECT_EQ(redis.text({"HGET", "reed:entity:snippet:" + id_of(2), "path"}), "/two");
  EXPECT_EQ(redis.existing({"reed:entity:page:" + id_of(2)}), 0);
  expect_every_cut_to_be_mended(expected);
}

INSTANTIATE_TEST_SUITE_P(Servers, CutMerge,
                         testing::Values(std::vector<std::string>{},
                                         std::vector<std::string>{"--rename-command", "RESTORE",
                                                                  ""}),
                         [](const auto& tested) {
                           return std::string(tested.param.empty() ? "WithRestore"
                                                                   : "WithPlainCommands");
                         });

}  // namespace
}  // namespace redkeep::test
