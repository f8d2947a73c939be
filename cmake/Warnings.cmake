# Warnings are errors, for our own targets only; the sanitizers are a property of the whole build.
add_library(redkeep_warnings INTERFACE)
target_compile_options(redkeep_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wimplicit-fallthrough)
# g++ 12 reports these inside coroutine frames and inlined standard containers where nothing is wrong.
target_compile_options(redkeep_warnings INTERFACE
  -Wno-maybe-uninitialized -Wno-null-dereference -Wno-restrict -Wno-stringop-overflow
  -Wno-array-bounds -Wno-mismatched-new-delete)

# Sources that are compiled as one look like headers to it.
if(CMAKE_UNITY_BUILD)
  target_compile_options(redkeep_warnings INTERFACE -Wno-subobject-linkage)
endif()

if(REDKEEP_SANITIZE)
  # Null and object sizes are AddressSanitizer's too, and without the four the compiler takes a
  # quarter less time.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=null,object-size,alignment,vptr
                      -fno-sanitize-recover=all -fno-omit-frame-pointer)
  # gold links these large programs in a third of the time; binutils brings it.
  add_link_options(-fsanitize=address,undefined -fuse-ld=gold)
endif()
