/* A script module that is a program: it speaks the lines itself. */
#include <stdio.h>
#include <string.h>

int main(void) {
    char request[65536];
    if (fgets(request, sizeof request, stdin) == NULL) {
        return 1;
    }
    puts("{\"record\":\"hello\",\"v\":1,\"manifest\":{\"name\":\"speaks\",\"version\":\"1\",\"summary\":\"a program\","
         "\"platforms\":[\"linux\",\"macos\"],\"kinds\":[{\"name\":\"thing\",\"summary\":\"a thing\",\"technique\":\"T1\","
         "\"severity\":\"high\",\"source\":\"none\",\"fields\":[{\"name\":\"value\",\"type\":\"text\",\"meaning\":\"what\","
         "\"compared\":true}]}]}}");
    if (strstr(request, "\"op\":\"collect\"") == NULL) {
        puts("{\"record\":\"done\",\"entries\":0}");
        return 0;
    }
    puts("{\"record\":\"entry\",\"kind\":\"thing\",\"key\":\"k\",\"source\":\"/s\",\"fields\":{\"value\":\"from C\"}}");
    puts("{\"record\":\"done\",\"entries\":1}");
    return 0;
}
