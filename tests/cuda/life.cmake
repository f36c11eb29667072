# The C part of CUDA ranks over the emulated libraries; and its sources once more against the toolkit's headers, where
# those are there: that they compile is the test.
file(GLOB LIFE_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/runtime/cuda/*.c ${CMAKE_SOURCE_DIR}/runtime/cuda/start/*.c)

add_library(life_on_cpu STATIC ${LIFE_SOURCES})
target_compile_definitions(life_on_cpu PRIVATE _GNU_SOURCE)
target_link_libraries(life_on_cpu PUBLIC rankc_runtime cuda_on_cpu ${CMAKE_DL_LIBS})
if(CUDA_HEADERS)
  add_library(life_of_toolkit OBJECT ${LIFE_SOURCES})
  target_compile_definitions(life_of_toolkit PRIVATE _GNU_SOURCE)
  target_include_directories(life_of_toolkit SYSTEM PRIVATE ${CUDA_HEADERS})
  target_link_libraries(life_of_toolkit PRIVATE rankc_runtime)
endif()

add_library(old_library SHARED old_library.c)
add_executable(test-life life.c small_job.c)
target_compile_definitions(test-life PRIVATE _GNU_SOURCE TEST_OLD_LIBRARY="$<TARGET_FILE:old_library>")
target_link_libraries(test-life PRIVATE life_on_cpu suites)
add_dependencies(test-life old_library nccl_on_cpu cublaslt_on_cpu)
add_test(NAME life COMMAND test-life)
set_tests_properties(life PROPERTIES TIMEOUT 300 ENVIRONMENT "LD_LIBRARY_PATH=$<TARGET_FILE_DIR:nccl_on_cpu>")
