// The private server where the operating system does not have what it needs.
#include "redis/private_server.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>

#include "live/process.h"

namespace redkeep::redis {
namespace {

awaitable<void> start(PrivateServer& server, Status& started) {
  started = co_await server.start({}, {});
}

TEST(PrivateServer, WithoutRedisServerInstalledItNamesThePackage) {
  const test::TemporaryDirectory empty;
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", empty.path().c_str(), 1);
  boost::asio::io_context context;
  PrivateServerOptions options;
  options.data_directory = empty.path();
  options.further_places = empty.path() + "/bin";
  PrivateServer server(context.get_executor(), options);
  Status started;
  boost::asio::co_spawn(context, start(server, started), boost::asio::detached);
  context.run();
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().kind, ErrorKind::Io);
  EXPECT_NE(started.error().message.find("apt-get install redis-server"), std::string::npos);
}

}  // namespace
}  // namespace redkeep::redis
