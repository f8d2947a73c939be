# cmake -D BUILD=... -D SOURCE=... -D WORK=... -P install_and_use.cmake
# Installs into an empty directory and builds the quickstart there by find_package(redkeep).
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(failed)
    message(FATAL_ERROR "${ARGN} failed:\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} -S ${SOURCE}/tests/install -B ${WORK}/build -G Ninja
    -DCMAKE_PREFIX_PATH=${WORK}/prefix -DQUICKSTART=${SOURCE}/examples/quickstart.cpp
    -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/prefix/bin/redkeep --version)
file(REMOVE_RECURSE ${WORK})
