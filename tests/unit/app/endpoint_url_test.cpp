#include "app/endpoint_url.h"

#include <gtest/gtest.h>

namespace redkeep::app {
namespace {

EndpointOptions parsed(std::string_view url) {
  EndpointOptions endpoint;
  const Status set = apply_url(url, endpoint);
  EXPECT_TRUE(set) << url << ": " << (set ? "" : set.error().message);
  return endpoint;
}

std::string refusal(std::string_view url) {
  EndpointOptions endpoint;
  const Status set = apply_url(url, endpoint);
  EXPECT_FALSE(set) << url << " was accepted";
  if (set) return "";
  EXPECT_EQ(set.error().kind, ErrorKind::InvalidInput);
  return set.error().message;
}

TEST(EndpointUrl, HostPortAndDatabaseHaveRedisDefaults) {
  const auto bare = parsed("redis://example.org");
  EXPECT_EQ(bare.host, "example.org");
  EXPECT_EQ(bare.port, 6379);
  EXPECT_EQ(bare.database, 0);
  EXPECT_FALSE(bare.tls);
  EXPECT_EQ(parsed("redis://example.org/").database, 0);
  const auto full = parsed("redis://10.0.0.1:7000/15");
  EXPECT_EQ(full.host, "10.0.0.1");
  EXPECT_EQ(full.port, 7000);
  EXPECT_EQ(full.database, 15);
}

TEST(EndpointUrl, RedissMeansTls) {
  EXPECT_TRUE(parsed("rediss://example.org:6380").tls);
  EXPECT_TRUE(parsed("REDISS://example.org:6380").tls) << "schemes have no case (RFC 3986, 3.1)";
}

TEST(EndpointUrl, IPv6StandsInBracketsAndIsKeptWithout) {
  const auto loopback = parsed("redis://[::1]:6390/2");
  EXPECT_EQ(loopback.host, "::1");
  EXPECT_EQ(loopback.port, 6390);
  EXPECT_EQ(parsed("redis://[2001:db8::7]").host, "2001:db8::7");
  refusal("redis://::1:6390");
  refusal("redis://[::1:6390");
}

TEST(EndpointUrl, UserAndPasswordArePercentDecoded) {
  const auto both = parsed("redis://us%40er:p%2Fss%3Aw%C3%B6rd@example.org:1");
  EXPECT_EQ(both.user, "us@er");
  EXPECT_EQ(both.password, "p/ss:w\xC3\xB6rd");
  const auto only_password = parsed("redis://:hush@example.org");
  EXPECT_EQ(only_password.user, "");
  EXPECT_EQ(only_password.password, "hush");
  EXPECT_EQ(parsed("redis://alice@example.org").user, "alice");
  EXPECT_EQ(parsed("redis://alice:@example.org").password, "");
}

TEST(EndpointUrl, UnixSocketsHaveAPathAndMayHaveADatabase) {
  const auto socket = parsed("unix:///run/redis/redis.sock");
  EXPECT_EQ(socket.unix_path, "/run/redis/redis.sock");
  EXPECT_EQ(socket.database, 0);
  EXPECT_EQ(parsed("unix:///run/redis.sock?db=3").database, 3);
  EXPECT_EQ(parsed("unix:///run/with%20blank.sock").unix_path, "/run/with blank.sock");
  EXPECT_EQ(parsed("unix://alice:hush@/run/redis.sock").password, "hush");
  for (const char* wrong : {"unix://run/redis.sock", "unix://", "unix:///", "unix:run/redis.sock",
                            "unix:///a?db=x", "unix:///a?db", "unix:///a?database=1"}) {
    refusal(wrong);
  }
}

TEST(EndpointUrl, ALaterUrlReplacesAllOfTheOneBefore) {
  EndpointOptions endpoint;
  endpoint.ca_file = "ca.pem";
  ASSERT_TRUE(apply_url("rediss://alice:hush@a:1/2", endpoint));
  ASSERT_TRUE(apply_url("unix:///s", endpoint));
  EXPECT_FALSE(endpoint.tls);
  EXPECT_EQ(endpoint.user + endpoint.password, "");
  EXPECT_EQ(endpoint.database, 0);
  ASSERT_TRUE(apply_url("redis://b", endpoint));
  EXPECT_EQ(endpoint.unix_path, "");
  EXPECT_EQ(endpoint.ca_file, "ca.pem") << "it is a setting of its own";
}

TEST(EndpointUrl, WhatIsNoRedisUrlIsRefusedWithTheRightForms) {
  for (const char* wrong : {"",
                            "localhost",
                            "localhost:6379",
                            "127.0.0.1:6379",
                            "http://a",
                            "redis:a",
                            "redis://",
                            "redis:///1",
                            "redis://a:0",
                            "redis://a:65536",
                            "redis://a:86546",
                            "redis://127.0.0.1:4294973676",
                            "redis://a:",
                            "redis://a:x",
                            "redis://a/x",
                            "redis://a/-1",
                            "redis://a/1/2",
                            "redis://a/65536",
                            "redis://a?db=1",
                            "redis://a#b",
                            "redis://a b",
                            "redis://%zz",
                            "redis://a/1 "}) {
    EXPECT_NE(refusal(wrong).find("write redis://[user@]host:port/db"), std::string::npos) << wrong;
  }
}

TEST(EndpointUrl, NoMessageRepeatsTheUserOrThePassword) {
  for (const char* wrong :
       {"redis://alice:hush@a:0", "redis://alice:hush@a/x", "redis://alice:hush@",
        "http://alice:hush@a", "redis://alice:hu#hush@a", "redis://alice:12/hush@a/0",
        "redis://alice:hu?hush@a", "redis://alice:hush@a b", "redis://a/alice:hush@b",
        "redis://a/hush@b", "unix://alice:hush@a/b", "redis://alice:hu sh@a",
        "redis://alice:%zzhush@a"}) {
    const std::string said = refusal(wrong);
    EXPECT_EQ(said.find("hush"), std::string::npos) << said;
    EXPECT_EQ(said.find("alice"), std::string::npos) << said;
  }
}

TEST(EndpointUrl, ControlCharactersAreNotEchoed) {
  EXPECT_EQ(refusal("redis://a/\x1b[31m").find('\x1b'), std::string::npos);
  EXPECT_EQ(refusal("redis://a/%1b[31m").find('\x1b'), std::string::npos);
}

TEST(PasswordInUrl, IsExactlyThePartToWipe) {
  const auto found = [](std::string_view url) { return std::string(password_in(url)); };
  EXPECT_EQ(found("redis://alice:hush@a:1/2"), "hush");
  EXPECT_EQ(found("redis://:hush@a"), "hush");
  EXPECT_EQ(found("rediss://alice:hu%40sh@[::1]:1"), "hu%40sh");
  EXPECT_EQ(found("redis://:a:b@c@host"), "a:b@c");
  EXPECT_EQ(found("unix://:hush@/run/a.sock"), "hush");
  EXPECT_EQ(found("redis://alice@a:6379/0"), "");
  EXPECT_EQ(found("redis://a:6379/0"), "");
  EXPECT_EQ(found("redis://[::1]:6379"), "");
  EXPECT_EQ(found("unix:///run/a:b@c.sock"), "");
  EXPECT_EQ(found("/run/redis.sock"), "");
  EXPECT_EQ(found("://"), "");
  EXPECT_EQ(found("redis://alice:@a"), "");
}

TEST(PasswordInUrl, FindsAlsoOneThatShouldHaveBeenEncoded) {
  EXPECT_EQ(std::string(password_in("redis://alice:hu/sh@a:1/2")), "hu/sh");
  EXPECT_EQ(std::string(password_in("redis://alice:hu?s#h@a")), "hu?s#h");
}

TEST(PrintUrl, GivesWhatIsReadAsTheSameServerUserAndDatabase) {
  for (const std::string url :
       {"redis://10.0.0.7:6380/3", "rediss://o%2Fp%40s@redis.example.org:1/0",
        "redis://[2001:db8::7]:6379/0", "unix:///run/redis.sock",
        "unix://ops@/tmp/so%20ck/r%25%3F%23.sock?db=15"}) {
    EXPECT_EQ(print_url(parsed(url)), url);
  }
  EXPECT_EQ(print_url(parsed("redis://ops:hush@a")), "redis://ops@a:6379/0")
      << "never the password";
}

TEST(PasswordInUrl, PointsIntoTheTextItWasGiven) {
  std::string url = "redis://alice:hush@a:1/2";
  for (const char& secret : password_in(url)) const_cast<char&>(secret) = '*';
  EXPECT_EQ(url, "redis://alice:****@a:1/2");
}

}  // namespace
}  // namespace redkeep::app
