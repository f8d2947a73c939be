// A server that is reading its data from the disk is waited for.
#include "redis/info_when_loaded.h"

#include <gtest/gtest.h>

#include <atomic>

#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"

namespace redkeep::redis {
namespace {

class InfoWhenLoaded : public testing::Test {
 protected:
  Result<ServerInfo> ask(std::stop_token stop = {}) {
    auto opened = loop_.run(Connection::open(server_.endpoint()));
    EXPECT_TRUE(opened);
    const std::shared_ptr<Connection> connection = std::move(*opened);
    const std::function<void(const std::string&)> waiting = [this](const std::string& why) {
      told_.push_back(why);
    };
    return loop_.run(info_when_loaded(*connection, std::move(stop), waiting));
  }

  wire::Answers answers_;
  wire::ScriptedServer server_{answers_};
  wire::EventLoop loop_;
  std::vector<std::string> told_;
};

const std::string kLoading =
    wire::bulk("loading:1\r\nloading_loaded_perc:41.50\r\nloading_eta_seconds:7\r\n");

TEST_F(InfoWhenLoaded, ComesWhenTheDataAreThere) {
  std::atomic<int> asked = 0;
  answers_.on("INFO", [&asked](const wire::Command&) {
    return ++asked < 3 ? kLoading : wire::bulk("loading:0\r\nrole:master\r\n");
  });
  const auto info = ask();
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->text("role"), "master");
  EXPECT_EQ(told_, std::vector<std::string>(
                       2, "waiting: the server is loading its data, 41.50 %, about 7 s left"));
}

TEST_F(InfoWhenLoaded, IsNotWaitedForByWhoWasAskedToStop) {
  answers_.on("INFO", kLoading);
  std::stop_source stop;
  stop.request_stop();
  const auto info = ask(stop.get_token());
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().kind, ErrorKind::Interrupted);
}

TEST_F(InfoWhenLoaded, WhereItIsRefusedThatIsToldAtOnce) {
  answers_.on("INFO", wire::refusal("NOPERM this user has no permissions to run 'info'"));
  const auto info = ask();
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().kind, ErrorKind::NotPermitted);
}

}  // namespace
}  // namespace redkeep::redis
