// Who may read what is in a directory of ours.
#include "redis/private_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "temporary_directory.h"

namespace redkeep::redis {
namespace {

mode_t rights(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

TEST(PrivateDirectory, OneThatIsMadeIsForItsOwnerAlone) {
  const TemporaryDirectory directory;
  const mode_t before = ::umask(022);
  for (const char* name : {"/data", "/above/data", "/slash/data/"}) {
    const std::string path = directory.path() + name;
    ASSERT_TRUE(make_private_directory(path)) << name;
    EXPECT_EQ(rights(path), 0700U) << name;
    EXPECT_FALSE(who_else_may_use(path)) << name;
    EXPECT_TRUE(make_private_directory(path)) << "a second time: " << name;
  }
  EXPECT_EQ(rights(directory.path() + "/above"), 0755U) << "that one is not ours";
  ::umask(before);
}

TEST(PrivateDirectory, OneThatIsThereIsLeftAndToldOf) {
  const TemporaryDirectory directory;
  ::chmod(directory.path().c_str(), 0750);
  ASSERT_TRUE(make_private_directory(directory.path()));
  EXPECT_EQ(rights(directory.path()), 0750U);
  const auto warning = who_else_may_use(directory.path());
  ASSERT_TRUE(warning);
  EXPECT_NE(warning->find(directory.path() + " (its mode is 0750)"), std::string::npos) << *warning;
  EXPECT_NE(warning->find("chmod"), std::string::npos);
}

TEST(PrivateDirectory, WhatIsNoneOrCannotBeMadeIsNamed) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("file", "in the way");
  for (const std::string& path : {file, file + "/data"}) {
    const Status made = make_private_directory(path);
    ASSERT_FALSE(made) << path;
    EXPECT_EQ(made.error().kind, ErrorKind::Io);
    EXPECT_NE(made.error().message.find(path), std::string::npos) << made.error().message;
    EXPECT_NE(made.error().message.find("Not a directory"), std::string::npos)
        << made.error().message;
  }
  EXPECT_FALSE(who_else_may_use(directory.file("none")));
}

}  // namespace
}  // namespace redkeep::redis
